/** Plays a payment service: signs a webhook, sends it to the shop, and shows what the shop answered. */
import { signatureOf } from '../../../(live)/examples/payment/signature'

/** This server as it reaches itself: it listens on the port that it was given. */
const shop = () => `http://localhost:${process.env.PORT ?? 3000}/api/payment`
const largest = 10_000 // bytes

export async function POST(request: Request) {
  if (!(Number(request.headers.get('content-length')) <= largest)) return new Response(null, { status: 413 })
  const form = await request.formData()
  const order = String(form.get('order')).slice(0, 100)
  const body = JSON.stringify({ id: `payment-of-${order}`, order, cents: 1200 })
  const signature = form.get('how') === 'signed' ? signatureOf(body) : 'none'
  const answer = await send(body, signature)
  const back = `/examples/payment/pay/${encodeURIComponent(order)}?answer=${encodeURIComponent(answer)}`
  return new Response(null, { status: 303, headers: { location: back } })
}

async function send(body: string, signature: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(10_000)
    const response = await fetch(shop(), { method: 'POST', body, headers: { signature }, cache: 'no-store', signal })
    return `${response.status} ${((await response.json()) as { message: string }).message}`
  } catch {
    return 'nothing. Try again.'
  }
}
