import type { Metadata } from 'next'
import { ExampleFrame } from '../example-frame'
import { recipes } from '../examples'
import { Payment } from './payment'
import { PaymentTries } from './payment-tries'

const example = recipes.payment

export const metadata: Metadata = { title: `${example.name}: a live example`, description: example.text }

export default function PaymentPage() {
  const lead =
    'Place an order, and pay it at the address of a made-up payment service. The service calls a route handler of this app, which writes into the state of this one tab. A wrong signature is refused, and a webhook that comes twice counts once.'
  return (
    <ExampleFrame example={example} lead={lead} tries={<PaymentTries />}>
      <Payment />
    </ExampleFrame>
  )
}
