'use client'
import { type Connection as State, useConnection } from 'heldstate/react'

const words: Record<State['status'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
}

/** Whether this tab hears from the server. */
export function Connection() {
  const { status } = useConnection()
  return (
    <p className="connection" role="status" data-status={status}>
      {words[status]}
    </p>
  )
}
