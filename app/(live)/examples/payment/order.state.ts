import { randomUUID } from 'node:crypto'
import { defineState } from 'heldstate'
import { rememberOrder } from './orders'

export const order = defineState('order', () => ({
  id: '',
  cents: 1200,
  status: 'none' as 'none' | 'waiting' | 'paid',
  repeated: 0, // webhooks that came again, and changed nothing
}))
  .private(() => ({ paidBy: '' })) // the id of the webhook that did it
  .events((on) => ({
    place: on(async function (s) {
      const id = randomUUID()
      await rememberOrder(id, this.token) // what the payment service calls back with leads to this tab
      Object.assign(s, { id, status: 'waiting', repeated: 0, paidBy: '' })
    }),
  }))
