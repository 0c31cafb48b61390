'use client'
import { type Connection as State, useConnection } from 'heldstate/react'

const words: Record<State['status'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
}

/**
 * Whether this tab hears from the server. It can be looked up and is not read aloud: each load of a page would say "Connecting" and
 * "Live", and `<ConnectionStatus>` says each loss already.
 */
export function Connection() {
  const { status } = useConnection()
  return (
    <p className="connection" role="status" aria-live="off" data-status={status}>
      {words[status]}
    </p>
  )
}
