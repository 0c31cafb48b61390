/** Server code that changes the state of each connected tab: CPU of the server. */
import { note, timed } from '../report.js'
import type { Push } from './definitions.js'
import { close, compare, millis, open, quick, serving } from './pairs.js'

interface Pushes extends Omit<Push, 'side'> {
  readonly tabs: number
}

/** A pause is longer than a frame, so that no two changes share a message: the most that a change can cost. */
const all: readonly Pushes[] = [
  { tabs: 200, turns: quick ? 20 : 50, pauseMs: 0 },
  { tabs: 200, turns: quick ? 20 : 40, pauseMs: 25 },
  { tabs: 1_000, turns: quick ? 5 : 20, pauseMs: 0 },
  { tabs: 1_000, turns: quick ? 5 : 15, pauseMs: 100 },
]

export async function pushes(): Promise<void> {
  for (const each of all) await pushed(each)
}

async function pushed({ tabs, turns, pauseMs }: Pushes): Promise<void> {
  await serving(async (server, ports) => {
    const clients = await open(ports, tabs)
    const { cpu, expensive } = await compare(server, {
      measure: (side) =>
        timed(async () => {
          const here = Promise.all(clients[side].map((client) => client.pushed(turns)))
          await server.ask('push', { side, turns, pauseMs } satisfies Push)
          await here
        }),
    })
    const often = pauseMs > 0 ? `each ${pauseMs} ms` : 'a turn'
    note({
      name: `one pushed change ${often} to ${tabs} tabs, CPU`,
      value: cpu.ratio,
      target: 1,
      good: 'most',
      detail: `${millis(cpu)} for ${tabs * turns} changes`,
      expensive,
    })
    close(clients)
  })
}
