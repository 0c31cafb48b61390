import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TokenRecord, type Writes } from './record.js'
import type { RunEnd, Stored } from './store.js'

const nothing: Stored = { revision: 0, state: {}, calls: [], running: [], ended: [], shapes: {} }

/** A store of texts, as a coordinator keeps them. */
function keep(texts: Record<string, string>, writes: Writes): void {
  for (const [key, text] of Object.entries(writes))
    if (text === null) delete texts[key]
    else texts[key] = text
}

const rows = fc.array(fc.record({ id: fc.nat(9), text: fc.string({ maxLength: 40 }) }), { maxLength: 40 })
const fields = fc.dictionary(
  fc.constantFrom('a', 'b', 'list', 'toString'),
  fc.oneof(
    fc.integer(),
    rows,
    fc.constant(undefined),
    fc.date({ noInvalidDate: true }),
    fc.constant(new Map([['x', 1n]])),
  ),
)
const states = fc.dictionary(fc.constantFrom('one', 'two'), fields)
const ends = fc
  .uniqueArray(fc.record({ run: fc.constantFrom('a', 'b', 'c'), result: fc.constantFrom('x', null, [1]) }), {
    selector: ({ run }) => run,
  })
  .map((list): readonly RunEnd[] =>
    list.map((end, order) => ({ ...end, order, definition: 'd', task: 't', outcome: 'done' })),
  )

it('reads what was written, whole and as a change, whatever was written before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(states, ends), { minLength: 1, maxLength: 12 }), (all) => {
      let mine = TokenRecord.empty
      let theirs = TokenRecord.empty
      const texts: Record<string, string> = {}
      for (const [index, [state, runEnds]] of all.entries()) {
        const more = runEnds.length > 0 && { runEnds }
        const next = { ...nothing, revision: index + 1, state: { ...state }, ...more }
        const { record, writes } = mine.to(next)
        keep(texts, writes)
        mine = record
        theirs = theirs.with(index + 1, writes)
        expect(theirs.stored).toEqual(next)
        expect(TokenRecord.read({ revision: index + 1, texts }).stored).toEqual(next)
      }
    }),
  )
})

const big = (n: number) => Array.from({ length: 1000 }, (_, index) => ({ index, text: `row ${index} ${n}` }))
const written = (writes: Writes) => JSON.stringify(writes).length

it('writes what has changed, not what stands beside it', () => {
  const first = { ...nothing, revision: 1, state: { s: { n: 0, list: big(0) } } }
  const { record } = TokenRecord.empty.to(first)
  const list = first.state.s.list
  expect(written(record.to({ ...first, revision: 2, state: { s: { n: 1, list } } }).writes)).toBeLessThan(30)
  const changed = list.map((row) => (row.index === 500 ? { ...row, text: 'other' } : row))
  expect(written(record.to({ ...first, revision: 2, state: { s: { n: 0, list: changed } } }).writes)).toBeLessThan(120)
})

it('writes a field whole once its patches are as long as it', () => {
  const texts: Record<string, string> = {}
  let list = big(0)
  let { record, writes } = TokenRecord.empty.to({ ...nothing, revision: 1, state: { s: { list } } })
  keep(texts, writes)
  const whole = JSON.stringify(texts).length
  for (let revision = 2; revision < 1500; revision += 1) {
    list = list.map((row) => (row.index === revision % 1000 ? { ...row, text: `changed in ${revision}` } : row))
    ;({ record, writes } = record.to({ ...nothing, revision, state: { s: { list } } }))
    keep(texts, writes)
  }
  expect(JSON.stringify(texts).length).toBeLessThan(2.2 * whole)
  expect(TokenRecord.read({ revision: 1499, texts }).stored.state).toEqual({ s: { list } })
})
