import { defineState } from 'heldstate'
import { z } from 'zod'
import { loadRows, type Row } from './rows'

const perPage = 20
const column = z.enum(['id', 'customer', 'cents'])

export const orders = defineState('orders-table', () => ({
  page: 0,
  sort: 'id' as z.infer<typeof column>,
  bytes: 0, // of all rows, as JSON
  changes: 0,
}))
  .private(() => ({ rows: [] as Row[], ofRun: '' })) // the rows never leave the server
  .computed({
    pages: (s) => Math.max(1, Math.ceil(s.rows.length / perPage)),
    shown: (s) => {
      const keys = s.rows.map((row) => row[s.sort])
      const order = [...keys.keys()].sort((a, b) => compare(keys[a], keys[b]) || a - b)
      return order.slice(s.page * perPage, (s.page + 1) * perPage).map((at) => s.rows[at] as Row)
    },
  })
  .tasks((background) => ({
    change: background({ durable: true, concurrency: 'single' }, async (self) => {
      await self.update((s) => {
        if (s.ofRun !== self.run) Object.assign(s, { ofRun: self.run, changes: 0 })
      })
      while (self.state.changes < 200) {
        const { shown, changes } = self.state
        const id = changes % 2 === 0 ? shown[(changes * 7) % perPage]?.id : (changes * 89) % 10_000 // every second one is in view
        await self.update((s) => {
          const row = s.rows[id ?? 0]
          if (row) row.cents += 100
          s.changes += 1
        })
        await self.sleep(150)
      }
    }),
  }))
  .events((on) => ({
    load: on((s) => {
      if (s.rows.length > 0) return
      const rows = loadRows()
      Object.assign(s, { rows, bytes: JSON.stringify(rows).length })
    }),
    turnTo: on(z.number().int().min(0).max(499), (s, page) => {
      s.page = page
    }),
    sortBy: on(column, (s, sort) => {
      Object.assign(s, { sort, page: 0 })
    }),
  }))

const compare = (a: string | number = '', b: string | number = '') => (a < b ? -1 : a > b ? 1 : 0)
