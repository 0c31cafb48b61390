'use client'
import { useEffect, useState } from 'react'

/** Tabs of this browser tell each other their counts, only to show them here: each has a state of its own. */
export function OtherTabs({ tab, applied }: { tab: string; applied: number }) {
  const [others, setOthers] = useState<ReadonlyMap<string, { readonly applied: number; readonly at: number }>>(
    new Map(),
  )
  useEffect(() => {
    const channel = new BroadcastChannel('heldstate-torture-counts')
    channel.onmessage = ({ data }) => {
      const now = Date.now()
      setOthers((known) => {
        const fresh = [...known].filter(([, { at }]) => now - at < 5_000)
        return new Map([...fresh, [data.tab as string, { applied: data.applied as number, at: now }]])
      })
    }
    const tell = () => channel.postMessage({ tab, applied })
    tell()
    const timer = setInterval(tell, 1_000)
    return () => {
      clearInterval(timer)
      channel.close()
    }
  }, [tab, applied])
  const counts = [...others.values()].map((other) => other.applied)
  return (
    <p className="aside">
      this tab: {applied}
      {counts.length > 0 ? ` · others: ${counts.join(', ')}` : ' · no other tab is open'}
    </p>
  )
}
