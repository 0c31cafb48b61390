'use client'
import { useEffect, useState } from 'react'
import type { Blow } from './process'
import type { Torture } from './use-torture'

interface Props {
  readonly torture: Pick<Torture, 'serving' | 'live' | 'hurt'>
  readonly blows: readonly (readonly [blow: Blow, label: string])[]
}

/** Each hurts the process that serves this page, once in ten seconds over all visitors. */
export function KillButtons({ torture: { serving, live, hurt }, blows }: Props) {
  const seconds = useRest(serving && serving.at + serving.restMs)
  const able = live && serving !== undefined && serving.nodes > 0 && seconds === 0
  return (
    <>
      {blows.map(([blow, label]) => (
        <button key={blow} type="button" aria-disabled={!able} onClick={() => able && void hurt(blow)}>
          {label}
          {serving && serving.nodes > 0 && seconds > 0 ? ` (again in ${seconds} s)` : ''}
        </button>
      ))}
    </>
  )
}

/** What a visitor must know before they press, if anything. */
export function KillHint({ serving }: Pick<Torture, 'serving'>) {
  if (!serving || serving.nodes > 0) return null
  return (
    <p className="aside">
      Nobody would start this server again after a kill. <code>npm run demo</code> runs it with a supervisor.
    </p>
  )
}

/** Seconds until a time, counted down. */
function useRest(until: number | undefined): number {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    if (until === undefined) return
    const look = () => setSeconds(Math.max(0, Math.ceil((until - Date.now()) / 1_000)))
    look()
    const timer = setInterval(look, 500)
    return () => clearInterval(timer)
  }, [until])
  return seconds
}
