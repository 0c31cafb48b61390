'use client'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import styles from './home.module.css'
import { jobSteps } from './torture/job-steps'
import { KillButtons, KillHint } from './torture/kill-buttons'
import { CutButton } from './torture/network-buttons'
import { Strip, Tally } from './torture/tally'
import { useTorture } from './torture/use-torture'
import { WireLog } from './wire-log'

/** What heldstate is about, to be tried within a minute: it counts from the first visit on, whatever one does to it. */
export function Hero() {
  const torture = useTorture()
  const { c, kept, live, serving, click, tally } = torture
  const { durable } = c
  const isNew = live && durable.attempt === 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is live for the first time
  useEffect(() => {
    if (isNew) c.startDurable().catch(() => {}) // it counts from the next visit on
  }, [isNew])
  const survived = durable.attempt - 1
  const { cut, onCut } = useCut(live, durable)
  return (
    <section className={`card ${styles.hero}`} aria-label="Try it: a counter on the server">
      <p className="kicker">
        {live || !serving
          ? `This counts on the server, in process ${serving?.pid ?? '…'}`
          : cut && cut.to === undefined
            ? 'Your network is cut. Keep clicking: the clicks are sent when it is back'
            : `Process ${serving.pid} does not answer. Keep clicking: the clicks are sent to the one that is started next`}
      </p>
      <p className={styles.count} aria-busy={!live}>
        <bdi dir="ltr">
          {durable.done} / {jobSteps}
        </bdi>
      </p>
      <progress aria-label="Counted on the server" max={jobSteps} value={durable.done} />
      <p className="aside">
        {cut?.to !== undefined && cut.survived === survived
          ? `While your network was cut, the server counted from ${cut.from} to ${cut.to}.`
          : survived > 0
            ? `It survived ${survived} ${survived === 1 ? 'kill' : 'kills'} of its server.`
            : durable.done >= jobSteps
              ? 'It is done.'
              : 'Reload, cut or kill: it goes on.'}{' '}
        {durable.done >= jobSteps && c.countDurable.running === 0 && (
          <button type="button" onClick={() => void c.startDurable().catch(() => {})}>
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
        <CutButton label="Cut my network" ms={5_000} onCut={onCut} />
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

interface Cut {
  /** What the counter showed. */
  readonly from: number
  /** Kills that it had survived. */
  readonly survived: number
  readonly isAway: boolean
  /** What it showed first when the network was back. */
  readonly to?: number
}

/** The last time that the visitor cut the network, and what the server did meanwhile. */
function useCut(live: boolean, { done, attempt }: { readonly done: number; readonly attempt: number }) {
  const [cut, setCut] = useState<Cut>()
  useEffect(() => {
    if (!cut || cut.to !== undefined) return
    if (!live && !cut.isAway) setCut({ ...cut, isAway: true })
    else if (live && cut.isAway) setCut({ ...cut, to: done })
  }, [cut, live, done])
  const onCut = () => setCut({ from: done, survived: attempt - 1, isAway: false })
  return { cut, onCut }
}
