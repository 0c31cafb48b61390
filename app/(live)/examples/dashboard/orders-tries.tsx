'use client'
import { useServerState } from 'heldstate/react'
import { TryList } from '../try-list'
import { orders } from './orders.state'

const words = {
  reload: 'Reload the page while rows change: the page and the order stay.',
  line: 'Go offline while rows change, and come back.',
  kill: 'Kill the server while rows change, and start it again.',
}

export function OrdersTries() {
  const change = useServerState(orders, (s) => s.change)
  const busy = change.running > 0
  return <TryList id="dashboard" busy={busy} kept={busy || change.outcome === 'done'} words={words} />
}
