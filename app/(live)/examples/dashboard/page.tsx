import type { Metadata } from 'next'
import { ExampleFrame } from '../example-frame'
import { recipes } from '../examples'
import { Orders } from './orders'
import { OrdersTries } from './orders-tries'
import { WireBytes } from './wire-bytes'

const example = recipes.dashboard

export const metadata: Metadata = { title: `${example.name}: a live example`, description: example.text }

export default function OrdersPage() {
  const lead =
    'The server holds 10,000 rows for this tab, and the page gets the twenty that it shows. Sort, turn the page, and let a task change rows: the bytes of each message stand above the table.'
  return (
    <ExampleFrame example={example} lead={lead} tries={<OrdersTries />}>
      <WireBytes />
      <Orders />
    </ExampleFrame>
  )
}
