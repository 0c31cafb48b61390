'use client'
import { heldFetch, useServerState } from 'heldstate/react'
import { useRef, useState } from 'react'
import { largest } from './largest'
import { upload } from './upload.state'

export function Upload() {
  const { name, size, received, isHere, checksum } = useServerState(upload)
  const [sending, setSending] = useState(false)
  const [failure, setFailure] = useState('')
  const controller = useRef<AbortController>(null)
  const send = async (file: File) => {
    if (file.size === 0) return setFailure(`${file.name} is empty. Choose a file that has something in it.`)
    if (file.size > largest) return setFailure(`${file.name} is too large: 100 MB at most.`)
    controller.current?.abort() // a file that is chosen meanwhile takes the place of the first one
    const mine = new AbortController()
    controller.current = mine
    setFailure('')
    setSending(true)
    const headers = { 'file-name': encodeURIComponent(file.name) }
    const problem = await heldFetch('/api/upload', { method: 'POST', headers, body: file, signal: mine.signal }).then(
      (answer) => answer.text(),
      () => (mine.signal.aborted ? '' : `${file.name} did not arrive. Choose it again.`),
    )
    if (controller.current !== mine) return
    setSending(false)
    setFailure(problem)
  }
  const sample = () => new File([new Uint8Array(30_000_000)], 'sample.bin')
  return (
    <>
      <label>
        File, 100 MB at most
        <input type="file" onChange={({ target }) => target.files?.[0] && send(target.files[0])} />
      </label>
      <p>
        <button type="button" aria-disabled={sending} onClick={() => !sending && send(sample())}>
          Send a sample of 30 MB
        </button>
        <button type="button" aria-disabled={!sending} onClick={() => controller.current?.abort()}>
          Cancel
        </button>
      </p>
      <progress aria-label="Received" value={received} max={size || 1} />
      <p role="status">
        {isHere && `${name} is here: ${size.toLocaleString('en')} bytes.`}
        {!isHere && !sending && name && `${name} broke off: the server has seen a part of it.`}
      </p>
      {name && (
        <dl>
          <dt>Received</dt>
          <dd>
            <bdi dir="ltr">{`${received.toLocaleString('en')} / ${size.toLocaleString('en')}`}</bdi> bytes
          </dd>
          <dt>SHA-256</dt>
          <dd>{checksum || 'not yet'}</dd>
        </dl>
      )}
      {failure && <p role="alert">{failure}</p>}
    </>
  )
}
