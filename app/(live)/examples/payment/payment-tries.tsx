'use client'
import { useServerState } from 'heldstate/react'
import { TryList } from '../try-list'
import { order } from './order.state'

const words = {
  reload: 'Reload this page while it waits for the payment.',
  line: 'Go offline while it waits, pay on another device, and come back.',
  kill: 'Order, kill the server, start it again, and pay.',
}

export function PaymentTries() {
  const status = useServerState(order, (s) => s.status)
  return <TryList id="payment" busy={status === 'waiting'} kept={status !== 'none'} words={words} />
}
