'use client'
import { useServerState } from 'heldstate/react'
import { TryList } from '../try-list'
import { customers } from './import.state'

const words = {
  reload: 'Reload the page while it imports.',
  line: 'Go offline while it imports, and come back.',
  kill: 'Kill the server while it imports, and start it again.',
}

export function ImportTries() {
  const run = useServerState(customers, (s) => s.run)
  const busy = run.running > 0
  return <TryList id="import" busy={busy} kept={busy || run.outcome === 'done'} words={words} />
}
