import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const fixture = fileURLToPath(new URL('./thread-watch.fixture.ts', import.meta.url))

it('a function that holds the thread is named while it does, from another thread, which ends with the hub', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fixture], { timeout: 30_000 })
  const said = stderr.split('\n').map((line) => line.replaceAll(/\d+ m?s/g, '#'))
  expect(said).toEqual([
    'heldstate: The thread has stood still for # and nobody is served. It is held by Event "handles" of state "d".',
    expect.stringContaining('heldstate: Event "handles" of state "d" held the thread for #.'),
    expect.stringContaining('heldstate: The thread goes on'),
    'heldstate: The thread has stood still for # and nobody is served. It is held perhaps by Task "computes" of state "d".',
    expect.stringMatching(/The thread (was held for #, perhaps by Task "computes" of state "d"|goes on)/),
    expect.stringMatching(/The thread (was held for #, perhaps by Task "computes" of state "d"|goes on)/),
    'left: 0',
    '',
  ])
}, 40_000)
