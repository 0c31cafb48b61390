/** The page of the payment service, which this app plays itself. It is a plain form, so it works on any device and without JavaScript. */
import type { Metadata } from 'next'
import Link from 'next/link'
import css from '../../../example.module.css'

export const metadata: Metadata = { title: 'Pay', robots: { index: false } }

interface Props {
  readonly params: Promise<{ order: string }>
  readonly searchParams: Promise<{ answer?: string | string[] }>
}

export default async function Pay({ params, searchParams }: Props) {
  const { order } = await params
  const { answer } = await searchParams
  return (
    <>
      <div className="intro">
        <h1>Made-up payment service</h1>
        <p>It moves no money. Each button has the service send a webhook to the shop.</p>
      </div>
      <section className={`card ${css.running}`} aria-label="Payment">
        <p>Order {order.slice(0, 8)}</p>
        <form method="post" action="/api/payment/service">
          <input type="hidden" name="order" value={order} />
          <p>
            <button type="submit" name="how" value="signed" className="main">
              Pay € 12.00
            </button>
            <button type="submit" name="how" value="unsigned">
              Send a webhook with a wrong signature
            </button>
          </p>
        </form>
        {typeof answer === 'string' && <p role="status">The shop answered: {answer.slice(0, 200)}</p>}
        <p>
          Press Pay twice: the second webhook is the same as the first. <Link href="/examples/payment">The shop</Link>
        </p>
      </section>
    </>
  )
}
