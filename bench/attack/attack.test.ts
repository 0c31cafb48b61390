/**
 * A short form of each attack: what holds on any machine. Times are for `npm run attack`. One server and one neighbour for
 * all of them; a server that an attack has harmed is replaced before the next one.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { attacks } from './attacks.js'
import { shortPace } from './paces.js'
import { Stage } from './stage.js'
import { broken, isHarmed } from './targets.js'

const stage = new Stage(shortPace('memory'), 'source')
afterAll(() => stage.end())

describe('an honest neighbour loses nothing, and nothing is left behind, beside', () => {
  it.each(attacks.map((attack) => [attack.name, attack.title, attack] as const))(
    '%s: %s',
    async (_name, _title, attack) => {
      const misses = await stage.run(attack).then(
        (result) => broken(attack, result),
        (error: Error) => [`fallen: ${error.message}`],
      )
      if (isHarmed(misses)) await stage.end()
      expect(misses).toEqual([])
    },
    60_000,
  )
})
