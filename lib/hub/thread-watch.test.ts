import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const fixture = fileURLToPath(new URL('./thread-watch.fixture.ts', import.meta.url))

it('a function that holds the thread is named while it does, from another thread, which ends with the hub', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fixture], { timeout: 30_000 })
  const said = stderr.split('\n').map((line) => line.replaceAll(/\d+ m?s/g, '#'))
  expect(said).toEqual([
    'heldstate: The event loop has been blocked for #; no page is served. It is blocked by Event "handles" of state "d".',
    expect.stringContaining('heldstate: Event "handles" of state "d" blocked the event loop for #.'),
    expect.stringContaining('heldstate: The event loop runs again'),
    'heldstate: The event loop has been blocked for #; no page is served. It is blocked perhaps by Task "computes" of state "d".',
    expect.stringMatching(/The event loop (was blocked for #, perhaps by Task "computes" of state "d"|runs again)/),
    expect.stringMatching(/The event loop (was blocked for #, perhaps by Task "computes" of state "d"|runs again)/),
    'left: 0',
    '',
  ])
}, 40_000)
