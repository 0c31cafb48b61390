'use client'
import { useConnection, useServerState } from 'heldstate/react'
import { counter } from '../counter.state'

export function Counter() {
  const c = useServerState(counter)
  const { status } = useConnection()
  return (
    <>
      <p role="status">{status}</p>
      <samp>size {c.n}</samp>
      <button type="button" onClick={c.add}>
        Add
      </button>
      <var>{c.ticks}</var>
      <button type="button" onClick={() => c.tick.start()}>
        Tick
      </button>
    </>
  )
}
