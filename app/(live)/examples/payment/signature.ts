import { createHmac, timingSafeEqual } from 'node:crypto'

/** Shared with the payment service. The one of this example moves no money, so anybody may know its secret; yours must have no default. */
const secret = () => process.env.PAYMENT_SECRET ?? 'secret of the example'

export const signatureOf = (body: string) => createHmac('sha256', secret()).update(body).digest('hex')

export function isSigned(body: string, signature: string | null): boolean {
  const [given, right] = [signature ?? '', signatureOf(body)].map((text) => Buffer.from(text))
  return given?.length === right?.length && timingSafeEqual(given as Buffer, right as Buffer)
}
