/** Round trips, pipelined events and background counters. */
import { median, note, timed } from '../report.js'
import { type Client, heldClient } from './clients.js'
import { bench, type Side, sides } from './definitions.js'
import { type Clients, close, compare, cpuOf, micros, millis, open, quick, rounds, serving } from './pairs.js'

type Measure = (side: Side) => Promise<number>

const client = (clients: Clients, side: Side, index: number) => clients[side][index] as Client

export async function speed(): Promise<void> {
  await serving(async (server, ports) => {
    const clients = await open(ports, 50)
    for (const side of sides)
      for (const warmUp of [roundTrip(clients, 3_000), pipelined(clients, 50, 10, 50_000)]) await warmUp(side)
    const trip = await compare(server, { measure: roundTrip(clients, quick ? 300 : 1_000) })
    note({
      name: 'round trip of one event, p50',
      value: trip.ratio,
      target: 1.1,
      good: 'most',
      detail: `${micros(trip)}; ${cpuOf(trip)}`,
      expensive: trip.expensive,
    })
    for (const [tabs, inFlight, target] of [
      [1, 100, 2.5],
      [50, 10, 2.2],
    ] as const) {
      const pair = await compare(server, { measure: pipelined(clients, tabs, inFlight, quick ? 5_000 : 20_000) })
      note({
        name: `pipelined events a second, ${tabs} tab${tabs > 1 ? 's' : ''} × ${inFlight}`,
        value: 1 / pair.ratio,
        target,
        good: 'least',
        detail: `${millis(pair)}; ${cpuOf(pair)}`,
        expensive: pair.expensive,
      })
    }
    close(clients)
  })
}

const roundTrip =
  (clients: Clients, calls: number): Measure =>
  async (side) => {
    const times: number[] = []
    for (let call = 0; call < calls; call += 1) times.push(await timed(() => client(clients, side, 0).add('bench', 1)))
    return median(times)
  }

/** Milliseconds for a number of events, with so many in flight on each of so many tabs. */
const pipelined =
  (clients: Clients, tabs: number, inFlight: number, events: number): Measure =>
  (side) =>
    timed(() =>
      Promise.all(
        Array.from({ length: tabs }, async (_, index) => {
          for (let done = 0; done < events / tabs; done += inFlight)
            await Promise.all(Array.from({ length: inFlight }, () => client(clients, side, index).add('bench', 1)))
        }),
      ),
    )

/** Tasks of many tabs that count. */
export async function counters(): Promise<void> {
  const tabs = 1_000
  await serving(async (server, ports) => {
    const clients = await open(ports, tabs)
    for (const [changes, turns, target] of [
      [1, quick ? 10 : 30, 1.25],
      [20, quick ? 3 : 5, 4],
    ] as const) {
      const pair = await compare(server, {
        measure: (side) => timed(() => Promise.all(clients[side].map((client) => client.count(turns, changes)))),
      })
      note({
        name: `background counters of ${tabs} tabs, ${changes} change${changes > 1 ? 's' : ''} a turn`,
        value: 1 / pair.ratio,
        target,
        good: 'least',
        detail: `${millis(pair)}; ${cpuOf(pair)}`,
        expensive: pair.expensive,
      })
    }
    close(clients)
  })
}

/** Starts of a task and half as many cancels of one tab, in one go: what grows faster than they do blocks the others. */
export async function starts(): Promise<void> {
  await serving(async ({ ask }, ports) => {
    const client = await heldClient(ports.held, [bench])
    const times = (count: number) => async () => {
      await Promise.all(Array.from({ length: count }, () => client.call('bench', 'rest')))
      await Promise.all(Array.from({ length: count / 2 }, () => client.cancel('bench', 'rest')))
    }
    const figures: Record<300 | 600, number[]> = { 300: [], 600: [] }
    for (let round = 0; round < rounds; round += 1)
      for (const count of [300, 600] as const) figures[count].push(await timed(times(count)))
    await ask('profile')
    await times(600)()
    const expensive = await ask<string[]>('profiled')
    const [half, all] = [median(figures[300]), median(figures[600])]
    note({
      name: '600 starts and 300 cancels of one tab, to half of them',
      value: all / half,
      target: 2.5,
      good: 'most',
      detail: `${half.toFixed(0)} ms and ${all.toFixed(0)} ms`,
      expensive,
    })
    client.close()
  })
}
