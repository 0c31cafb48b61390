import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { claimSlot, setSlot } from '../../hub/process-hub.js'
import { serve } from './serve.js'
import { start } from './server.js'

/** A port that somebody listens on. */
async function taken() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, free: () => new Promise<void>((resolve) => void server.close(() => resolve())) }
}

test('a port in use is noticed before Next does anything, and the next one is named', async () => {
  const { port, free } = await taken()
  await expect(start({ port, hostname: '127.0.0.1', dir: 'no such folder' })).rejects.toMatchObject({
    code: 'port-unavailable',
    message: expect.stringContaining(`PORT=${port + 1}, or "-p ${port + 1}" with heldstate dev`),
  })
  await free()
})

test('a server whose app cannot be prepared does not go on listening', async () => {
  const { port, free } = await taken()
  await free()
  await expect(start({ port, hostname: '127.0.0.1', dir: 'no such folder', dev: false })).rejects.toThrow()
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  expect(claimSlot()).toBe(true)
  setSlot(undefined)
})

test('serve says so in one line and ends the process with 1', async () => {
  const { port, free } = await taken()
  const ended = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`ended with ${code}`)
  })
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  const hub = { log: { info: note, warn: note, error: note } }
  await expect(serve({ port, hostname: '127.0.0.1', hub })).rejects.toThrow('ended with 1')
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^Port ${port} is in use\\.`))])
  ended.mockRestore()
  await free()
})
