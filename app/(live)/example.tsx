'use client'
import { useServerState } from 'heldstate/react'
import { example } from './example.state'

export function Example() {
  const c = useServerState(example)
  return (
    <>
      <strong>
        {c.counter} / {c.max}
      </strong>
      <button
        type="button"
        onClick={() =>
          c.count.running ? c.count.cancel() : c.count.start()
        }
      >
        {c.count.running ? 'Stop' : 'Start'}
      </button>
      <button type="button" onClick={() => c.reset()}>
        Reset
      </button>
    </>
  )
}
