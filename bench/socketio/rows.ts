/** A state with 10,000 rows: what it costs a change next to it, and the bytes of what Socket.IO writes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStore } from 'heldstate/next'
import { HubRuntime } from '../../lib/dist/hub/hub.js'
import { profiling } from '../profile.js'
import { median, note, timed } from '../report.js'
import { type HeldClient, heldClient } from './clients.js'
import { bench, list } from './definitions.js'
import { compare, rounds, serving } from './pairs.js'

const microsOf = (ms: number) => `${(ms * 1000).toFixed(0)} µs`

export async function nextToRows(): Promise<void> {
  await serving(async (server, ports) => {
    const alone = await heldClient(ports.held, [bench])
    const withRows = await heldClient(ports.held, [list])
    const pair = await compare(server, {
      measure: async (side) => {
        const times: number[] = []
        const add = () => (side === 'bare' ? alone.add('bench', 1) : withRows.add('list', 1))
        for (let call = 0; call < 500; call += 1) times.push(await timed(add))
        return median(times)
      },
    })
    note({
      name: 'a change next to 10,000 rows, to its cost alone',
      value: pair.ratio,
      target: 1.2,
      good: 'most',
      detail: `${microsOf(pair.bare)} alone, ${microsOf(pair.held)} next to them`,
      expensive: pair.expensive,
    })
    await bytes(withRows, async (work) => {
      await server.ask('profile')
      await work()
      return server.ask<string[]>('profiled')
    })
    alone.close()
    withRows.close()
  })
}

/** Of one change, Socket.IO's framing included. The profiles are those of a hundred of the same. */
async function bytes(
  client: HeldClient,
  profiled: (work: () => Promise<void>) => Promise<readonly string[]>,
): Promise<void> {
  const settle = ',[[1]]'.length // the answer to the call, which an update by a task does not carry
  const changes = [
    { name: 'a removal from the middle of 10,000', most: 60, act: () => client.call('list', 'remove', 5_000) },
    {
      name: 'one changed row of 10,000',
      most: 80,
      act: (row = 0) => client.call('list', 'change', 5_000 - row, 'a new name'),
    },
    { name: 'a counter update', most: 45, act: () => client.add('list', 1) },
  ]
  for (const { name, most, act } of changes) {
    const before = client.bytes()
    await act()
    const value = client.bytes() - before - settle
    const expensive = await profiled(async () => {
      for (let row = 1; row <= 100; row += 1) await act(row)
    })
    note({ name: `bytes of ${name}`, value, target: most, good: 'most', unit: 'B', expensive })
  }
}

/** What a change of a state costs that is kept on the disk, as it is by default. */
export async function onDisk(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'heldstate-bench-'))
  const hub = new HubRuntime({ store: diskStore({ dir }) })
  hub.registry.add(bench, list)
  const tokens = { alone: 'a'.repeat(32), rows: 'b'.repeat(32) }
  for (const token of Object.values(tokens)) await hub.call({ token, definition: 'bench', member: 'add', args: [1] }) // so that the tab exists
  const changes = {
    alone: () => hub.modifyState(tokens.alone, bench, (s) => void (s.counter += 1)),
    nextTo: () => hub.modifyState(tokens.rows, list, (s) => void (s.counter += 1)),
    row: (count: number) =>
      hub.modifyState(tokens.rows, list, ({ rows }) => void ((rows[5_000] as { name: string }).name = `${count}`)),
  }
  const figures = { alone: [] as number[], nextTo: [] as number[], row: [] as number[] }
  const hundred = async (name: keyof typeof changes, round: number) => {
    const times: number[] = []
    for (let count = 0; count < 100; count += 1) times.push(await timed(() => changes[name](round * 100 + count)))
    return median(times)
  }
  for (let round = 0; round <= rounds; round += 1)
    for (const name of Object.keys(changes) as (keyof typeof changes)[]) {
      const ms = await hundred(name, round)
      if (round > 0) figures[name].push(ms) // the first one warms up
    }
  await profiling.profile()
  await hundred('nextTo', 0)
  const expensive = await profiling.profiled()
  note({
    name: 'on the disk, an increment next to 10,000 rows, to its cost alone',
    value: median(figures.nextTo.map((ms, round) => ms / (figures.alone[round] as number))),
    target: 1.2,
    good: 'most',
    detail: `${microsOf(median(figures.alone))} alone, ${microsOf(median(figures.nextTo))} next to them, ${microsOf(median(figures.row))} a changed row`,
    expensive,
  })
  await hub.close()
  rmSync(dir, { recursive: true })
}
