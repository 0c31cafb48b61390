'use client'
import { useConnection, useServerState } from 'heldstate/react'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import { Failure, useAttempt } from '../attempt'
import { KillButtons } from '../torture/kill-buttons'
import type { Serving } from '../torture/process'
import css from './example.module.css'
import { server } from './server.state'
import { look, nothingSeen, type Seen, type Try } from './tries'

interface Props {
  /** Of the example, for the session storage. */
  readonly id: string
  /** Whether there is something to lose now. */
  readonly busy: boolean
  /** Whether what there was to lose is there, or has ended well. */
  readonly kept: boolean
  readonly words: Readonly<Record<Try, string>>
}

const order: readonly Try[] = ['reload', 'line', 'kill']

/** Three things to do to an example, each with a check box that ticks itself once it was done and nothing was lost. */
export function TryList({ id, busy, kept, words }: Props) {
  const { served, kill } = useServer()
  const { failure, attempt } = useAttempt()
  const { status } = useConnection()
  const [done, setDone] = useState<readonly Try[]>([])
  useEffect(() => {
    if (served) setDone(remember(id, (seen) => look(seen, { busy, kept, process: served.id, ...thisPage() })).done)
    else if (status !== 'connecting' && status !== 'live') remember(id, (seen) => ({ ...seen, isLost: true }))
  }, [id, busy, kept, served, status])
  const latest = done.at(-1)
  return (
    <section className={`card ${css.tries}`} aria-labelledby="tries">
      <h2 id="tries">What to try</h2>
      <ul>
        {order.map((each) => (
          <li key={each}>
            <label>
              <input type="checkbox" checked={done.includes(each)} disabled />
              <span>{words[each]}</span>
            </label>
          </li>
        ))}
      </ul>
      <div className="row">
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
        {served?.nodes !== 0 && (
          <KillButtons
            torture={{ serving: served, live: served !== undefined, hurt: async () => attempt(kill) }}
            blows={[['kill', 'Kill the server']]}
          />
        )}
      </div>
      <Failure>{failure}</Failure>
      <p className="aside">
        {served ? (
          <>
            This page is served by process {served.pid}.{' '}
            {served.nodes === 0 && (
              <>
                On your own machine: <code>kill -9 {served.pid}</code>, then start the server again.{' '}
              </>
            )}
            <Link href="/torture">Try to lose a click</Link> has a button that cuts the network.
          </>
        ) : (
          'This page waits for the server.'
        )}
      </p>
      <p className={css.unseen} role="status">
        {latest && `Done: ${words[latest]}`}
      </p>
    </section>
  )
}

/** The process that serves this page, `undefined` while the page is not connected, and what kills it. */
function useServer() {
  const { ask, kill } = useServerState(server, (s) => ({ ask: s.ask, kill: s.kill }))
  const isLive = useConnection().status === 'live'
  const [served, setServed] = useState<Serving & { readonly id: string; readonly at: number }>()
  useEffect(() => {
    if (!isLive) return
    let isPast = false
    ask().then(
      (answer) => isPast || setServed({ ...answer, at: Date.now() }),
      () => {}, // the line is lost again
    )
    return () => {
      isPast = true
      setServed(undefined)
    }
  }, [isLive, ask])
  return { served, kill }
}

function thisPage() {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return { page: performance.timeOrigin, isReload: navigation?.type === 'reload' }
}

/** In the session storage of the tab. Where there is none, a page knows itself alone. */
function remember(id: string, change: (seen: Seen) => Seen): Seen {
  const key = `heldstate-example:${id}`
  try {
    const kept = sessionStorage.getItem(key)
    const seen = change(kept === null ? nothingSeen : (JSON.parse(kept) as Seen))
    sessionStorage.setItem(key, JSON.stringify(seen))
    return seen
  } catch {
    return change(nothingSeen)
  }
}
