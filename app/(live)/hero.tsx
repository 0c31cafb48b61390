'use client'
import Link from 'next/link'
import { useEffect } from 'react'
import styles from './home.module.css'
import { jobSteps } from './torture/job-steps'
import { KillButtons, KillHint } from './torture/kill-buttons'
import { Strip, Tally } from './torture/tally'
import { network, useTorture } from './torture/use-torture'
import { WireLog } from './wire-log'

/** What heldstate is about, to be tried within a minute: it counts from the first visit on, whatever one does to it. */
export function Hero() {
  const torture = useTorture()
  const { c, kept, live, serving, click, tally } = torture
  const { durable } = c
  const isNew = live && durable.attempt === 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is live for the first time
  useEffect(() => {
    if (isNew) c.startJobs().catch(() => {}) // it counts from the next visit on
  }, [isNew])
  const survived = durable.attempt - 1
  return (
    <section className={`card ${styles.hero}`} aria-label="Try it: a counter on the server">
      <p className="kicker">
        {live || !serving
          ? `This counts on the server, in process ${serving?.pid ?? '…'}`
          : `The server of this page, process ${serving.pid}, does not answer. Click on: it will count`}
      </p>
      <p className={styles.count} aria-busy={!live}>
        <bdi dir="ltr">
          {durable.done} / {jobSteps}
        </bdi>
      </p>
      <progress aria-label="Counted on the server" max={jobSteps} value={durable.done} />
      <p className="aside">
        {survived > 0
          ? `It went on after ${survived} ${survived === 1 ? 'kill' : 'kills'} of its server.`
          : durable.done >= jobSteps
            ? 'It is done.'
            : 'Reload, cut or kill: it goes on.'}{' '}
        {durable.done >= jobSteps && c.countDurable.running === 0 && (
          <button type="button" onClick={() => void c.startJobs().catch(() => {})}>
            Count again
          </button>
        )}
      </p>
      <div className="row">
        <button type="button" className="main" onClick={click}>
          +1
        </button>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
        <button type="button" onClick={() => network.cut(5_000)}>
          Cut my network for 5 s
        </button>
        <KillButtons torture={torture} blows={[['kill', 'Kill the server']]} />
        <Link href="/" target="_blank" rel="noopener" prefetch={false}>
          Second tab
        </Link>
      </div>
      <KillHint serving={serving} />
      <Tally tally={tally} />
      <p className="aside">Each +1 is one box, which is filled when the server has it.</p>
      <Strip made={kept.made} came={tally.came} />
      <WireLog lines={kept.lines} />
    </section>
  )
}
