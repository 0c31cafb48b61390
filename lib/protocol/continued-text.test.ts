import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Patch } from '../delta/patch.js'
import { ContinuedText } from './continued-text.js'

const grow = (start: number, words: string, path: (string | number)[] = [0, 'text']): Patch => [path, start, 0, words]

describe('a text that streams', () => {
  it('names its path once, and after that its new words alone', () => {
    const hub = new ContinuedText()
    expect(hub.shorten([grow(0, 'Hello')])).toEqual([grow(0, 'Hello')])
    expect(hub.shorten([grow(5, ' world')])).toEqual([' world'])
    expect(hub.shorten([[[0, 'n'], 1], grow(11, '!')])).toEqual([[[0, 'n'], 1], '!'])
  })

  it.each<[string, Patch]>([
    ['grows elsewhere', grow(2, 'x')],
    ['is another one', grow(5, 'x', [0, 'other'])],
    ['is deeper', grow(5, 'x', [0, 'text', 'deep'])],
    ['loses something as well', [[0, 'text'], 5, 1, 'x']],
    ['is a list', [[0, 'text'], 5, 0, ['x']]],
  ])('is named again where it %s', (_, patch) => {
    const hub = new ContinuedText()
    hub.shorten([grow(0, 'Hello')])
    expect(hub.shorten([patch])).toEqual([patch])
  })

  it('is named again after the whole of the state was sent', () => {
    const hub = new ContinuedText()
    hub.shorten([grow(0, 'Hello')])
    hub.reset()
    expect(hub.shorten([grow(5, ' world')])).toEqual([grow(5, ' world')])
  })

  it('and words that continue nothing do not fit', () => {
    expect(() => new ContinuedText().restore(['words'])).toThrow(expect.objectContaining({ code: 'invalid-message' }))
  })
})

it('what was shortened is restored, whatever the patches are', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 0, 1), { minLength: 1, maxLength: 2 })
  const few = fc.nat(4)
  const patch: fc.Arbitrary<Patch> = fc.oneof(
    fc.tuple(path, few, fc.constantFrom(0, 0, 0, 1), fc.constantFrom('', 'x', 'yz')),
    fc.tuple(path, few, few, fc.array(fc.constant('x'), { maxLength: 2 })),
    fc.tuple(path, fc.constantFrom('x', 5, null)),
    fc.tuple(path),
  ) as never
  fc.assert(
    fc.property(fc.array(fc.array(patch, { maxLength: 3 }), { maxLength: 12 }), (messages) => {
      const [hub, page] = [new ContinuedText(), new ContinuedText()]
      for (const patches of messages) expect(page.restore(hub.shorten(patches))).toEqual(patches)
    }),
    { seed: 20, numRuns: 500 },
  )
})
