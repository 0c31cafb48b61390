import { expect, it } from 'vitest'
import { type Sabotage, simulate } from './simulation.js'

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

it('keeps its promises through lives in which nearly everything goes wrong', async () => {
  const all = { calls: 0, cuts: 0, crashes: 0, reloads: 0, duplicates: 0, freezes: 0 }
  for (const seed of seeds(100)) {
    const lived = await simulate({ seed })
    for (const key of Object.keys(all) as (keyof typeof all)[]) all[key] += lived[key]
  }
  for (const times of Object.values(all)) expect(times).toBeGreaterThan(40)
}, 60_000)

it.each<[Sabotage, RegExp]>([
  ['forget-page', /left 2 marks/],
  ['forget-calls', /left 2 marks/],
  ['acknowledge-early', /which nobody has kept|left 0 marks/],
  ['skip-fence', /kept was|which nobody has kept|left \d marks/],
  ['hide-progress', /is there twice/],
])(
  'finds the bug "%s", and finds it again with the same seed',
  async (sabotage, promise) => {
    let seed = 1
    let found = await broken(seed, sabotage)
    for (; found === undefined && seed < 500; found = await broken(seed, sabotage)) seed += 1
    expect(found).toMatch(promise)
    expect(await broken(seed, sabotage)).toBe(found)
    expect(await broken(seed)).toBeUndefined()
  },
  120_000,
)

/** The promise that a life has broken. */
const broken = (seed: number, sabotage?: Sabotage): Promise<string | undefined> =>
  simulate(sabotage ? { seed, sabotage } : { seed }).then(
    () => undefined,
    (error: Error) => error.message.split('\n')[0],
  )
