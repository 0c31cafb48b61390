/**
 * A short form of each attack: what holds on any machine. Times are for `npm run attack`. One server and one neighbour for
 * all of them; a server that an attack has harmed is replaced before the next one.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { attacks } from './attacks.js'
import { shortPace } from './paces.js'
import { Stage } from './stage.js'
import { broken } from './targets.js'

const stage = new Stage(shortPace('memory'), 'source')
afterAll(() => stage.end())

describe('an honest neighbour loses nothing, and nothing is left behind, beside', () => {
  it.each(attacks)('$name: $title', { timeout: 60_000 }, async (attack) => {
    let misses: readonly string[] = ['it was not lived through']
    try {
      misses = broken(attack, await stage.run(attack))
    } finally {
      if (misses.length > 0) await stage.end()
    }
    expect(misses).toEqual([])
  })
})
