import { createHash, randomUUID } from 'node:crypto'
import { modifyState } from 'heldstate/server'
import { largest } from '../../(live)/examples/upload/largest'
import { upload } from '../../(live)/examples/upload/upload.state'

export async function POST(request: Request) {
  const size = Number(request.headers.get('content-length'))
  if (size > largest) return new Response('The file is too large: 100 MB at most.', { status: 413 })
  const name = decodeURIComponent(request.headers.get('file-name') ?? '').slice(0, 200)
  const id = randomUUID()
  const report = (received: number, more: object = {}) =>
    modifyState(upload, (s) => {
      if (s.id === id) Object.assign(s, { received, ...more })
    })
  try {
    await modifyState(upload, (s) => {
      Object.assign(s, { id, name, size, received: 0, isHere: false, checksum: '' })
    })
    const hash = createHash('sha256')
    let received = 0
    let reported = 0
    for await (const chunk of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      received += chunk.length
      if (received > largest) throw new Error('too large')
      hash.update(chunk) // and write the chunk where the file is to be
      if (received - reported < size / 100) continue
      reported = received
      await report(received)
    }
    await report(received, { isHere: true, checksum: hash.digest('hex') })
    return new Response(null, { status: 204 })
  } catch {
    return new Response('The upload broke off. Choose the file again.', { status: 400 })
  }
}
