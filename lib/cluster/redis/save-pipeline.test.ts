import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.js'
import { processLimits } from '../../base/server-limits.js'
import type { Save } from '../coordinator.js'
import { SavePipeline } from './save-pipeline.js'

const save = (token: string, texts = 1): Save => ({
  id: `${token} ${texts}`,
  token,
  node: 'ann',
  fence: 1,
  revision: 1,
  writes: Object.fromEntries(Array.from({ length: texts }, (_, index) => [`text ${index}`, ''])),
  startedNodes: [],
  endedNodes: [],
  retainMs: 60_000,
})

/** What is sent, and saves that are sent with it; `answer` says what comes of it. */
function sending(answer: (keys: readonly string[]) => unknown = (keys) => keys.map(() => 1)) {
  const sent: string[] = []
  const run = async (_: unknown, keys: readonly string[]) => {
    sent.push(keys.join())
    return answer(keys)
  }
  return { sent, saves: new SavePipeline({ run }, '', systemClock) }
}

describe('saves on their way to a redis', () => {
  it('go as one command when they are made in one turn, but for the first, which goes at once', async () => {
    const { sent, saves } = sending()
    const all = ['a', 'b', 'c'].map((token) => saves.add(save(token)))
    expect(sent).toEqual(['t:a'])
    expect(await Promise.all(all)).toEqual([true, true, true])
    expect(sent).toEqual(['t:a', 't:b,t:c'])
  })

  it('each have their own answer', async () => {
    const { saves } = sending((keys) => keys.map((key) => (key === 't:b' ? 0 : 1)))
    expect(await Promise.all(['a', 'b', 'c'].map((token) => saves.add(save(token))))).toEqual([true, false, true])
  })

  it('go in stretches, so that redis is not held up', async () => {
    const { sent, saves } = sending()
    const large = processLimits.argumentsAtOnce / 4
    await Promise.all(['a', 'b', 'c', 'd'].map((token) => saves.add(save(token, large))))
    expect(sent).toEqual(['t:a', 't:b', 't:c', 't:d'])
  })

  it('fail alone: those that were sent with one that fails are sent again by themselves', async () => {
    const { sent, saves } = sending((keys) => {
      if (keys.includes('t:b')) throw new Error('broken')
      return keys.map(() => 1)
    })
    const ends = await Promise.allSettled(['a', 'b', 'c'].map((token) => saves.add(save(token))))
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(sent).toEqual(['t:a', 't:b,t:c', 't:b', 't:c'])
  })
})
