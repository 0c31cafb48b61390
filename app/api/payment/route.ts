import { modifyState } from 'heldstate/server'
import { z } from 'zod'
import { order } from '../../(live)/examples/payment/order.state'
import { tokenOf } from '../../(live)/examples/payment/orders'
import { isSigned } from '../../(live)/examples/payment/signature'

const largest = 10_000 // bytes
const webhook = z.object({ id: z.string().min(1).max(100), order: z.string(), cents: z.number().int() })

const answer = (status: number, message: string) => Response.json({ message }, { status })

/** The payment service calls this. It calls again until the answer is 200, so a webhook may come twice. */
export async function POST(request: Request) {
  const size = request.headers.get('content-length')
  if (size === null || !(Number(size) <= largest))
    return answer(413, 'The webhook is too large, or does not say its size.')
  const body = await request.text()
  if (!isSigned(body, request.headers.get('signature'))) return answer(401, 'The signature is wrong.')
  const paid = webhook.parse(JSON.parse(body))
  const token = await tokenOf(paid.order)
  if (token === undefined) return answer(404, 'There is no such order.')
  const [status, message] = await modifyState(token, order, (s): [number, string] => {
    if (s.id !== paid.order) return [410, 'The visitor has placed another order.']
    if (s.cents !== paid.cents) return [422, 'The amount is not that of the order.']
    if (s.paidBy === paid.id) s.repeated += 1
    if (s.status === 'paid') return [200, 'The order was paid already.']
    Object.assign(s, { status: 'paid', paidBy: paid.id })
    return [200, 'The order is paid.']
  }).catch((error): [number, string] => {
    if (error.code !== 'unknown-token') throw error
    return [410, 'The visitor is gone.']
  })
  return answer(status, message)
}
