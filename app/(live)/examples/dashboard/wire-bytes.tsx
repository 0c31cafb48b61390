'use client'
import { faults, type WireEvent } from 'heldstate/faults'
import { useEffect, useState } from 'react'

/** What the server has sent to this page, counted in the page. It watches the wire, and does nothing to it. */
export function WireBytes() {
  const [last, setLast] = useState<readonly WireEvent[]>([])
  const [total, setTotal] = useState(0)
  useEffect(
    () =>
      faults.watch((event) => {
        if (event.kind !== 'in') return
        setTotal((before) => before + event.bytes)
        setLast((before) => [event, ...before].slice(0, 5))
      }),
    [],
  )
  const latest = last.map(({ bytes }) => bytes)
  return (
    <dl>
      <dt>Last message from the server</dt>
      <dd>{latest[0] === undefined ? 'none yet' : `${latest[0].toLocaleString('en')} bytes`}</dd>
      <dt>The five latest</dt>
      <dd>{latest.join(', ')}</dd>
      <dt>Since the page was opened</dt>
      <dd>{total.toLocaleString('en')} bytes</dd>
    </dl>
  )
}
