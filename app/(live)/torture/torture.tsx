'use client'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import { HeldField } from '../held-field'
import { Jobs } from './jobs'
import { KillButtons, KillHint } from './kill-buttons'
import { ledger } from './ledger'
import { NetworkButtons } from './network-buttons'
import { OtherTabs } from './other-tabs'
import { mostOpen, runSeconds, useRunOfAll } from './run-of-all'
import { Strip, Tally } from './tally'
import styles from './torture.module.css'
import { useTorture } from './use-torture'
import { WhatHappened } from './what-happened'

export function TorturePage() {
  const torture = useTorture()
  const { c, kept, live, click, serving, tally } = torture
  const all = useRunOfAll(torture)
  const [clicking, setClicking] = useState(false)
  useClicking(clicking && tally.open < mostOpen, click)
  const press = () => {
    click()
    ledger.clicked(ledger.get().made)
  }
  const setClickingBy = (on: boolean) => {
    setClicking(on)
    ledger.say(on ? 'Clicks 20 times a second.' : 'The clicks have stopped.')
  }
  const reload = (clicks: number) => {
    for (let at = 0; at < clicks; at += 1) click()
    ledger.say(clicks > 0 ? `↻ Clicked ${clicks} times and reloaded.` : '↻ Reloaded.')
    location.reload()
  }
  return (
    <div className={styles.page}>
      <div className={styles.stack}>
        <section className="card" aria-labelledby="tally">
          <h2 id="tally">You</h2>
          <Tally tally={tally} />
          <Strip made={kept.made} came={c.highest} />
          <div className="row">
            <button type="button" className="main" onClick={press}>
              +1
            </button>
            <label className={styles.check}>
              <input type="checkbox" checked={clicking} onChange={(event) => setClickingBy(event.target.checked)} />{' '}
              click 20 times a second
            </label>
          </div>
          <HeldField label="Type here" type="text" held={c.text} send={c.setText} />
          <p className="aside">on the server: {c.text === '' ? 'nothing yet' : <q>{c.text}</q>}</p>
        </section>

        <section className="card" aria-labelledby="network">
          <h2 id="network">Your network</h2>
          <NetworkButtons />
        </section>

        <section className="card" aria-labelledby="server">
          <h2 id="server">Your server</h2>
          <p>
            Process <strong className={styles.number}>{serving?.pid ?? '…'}</strong>
            {serving && serving.nodes > 1 ? ` (${serving.node}, one of ${serving.nodes})` : ''}{' '}
            {live ? 'serves you.' : 'does not answer.'}
          </p>
          <div className="row">
            <KillButtons
              torture={torture}
              blows={[
                ['kill', 'Kill it'],
                ['freeze', 'Freeze it for 5 s'],
                ['rollOut', 'Roll it out'],
              ]}
            />
          </div>
          <KillHint serving={serving} />
        </section>

        <section className="card" aria-labelledby="page">
          <h2 id="page">Your page</h2>
          <div className="row">
            <button type="button" onClick={() => reload(0)}>
              Reload
            </button>
            <button type="button" onClick={() => reload(5)}>
              Click 5 times and reload
            </button>
            <Link
              href="/torture"
              target="_blank"
              rel="noopener"
              prefetch={false}
              onClick={() => ledger.say('Another tab opened.')}
            >
              Open another tab
            </Link>
          </div>
          <OtherTabs tab={kept.tab} applied={c.applied} />
        </section>

        <Jobs torture={torture} />
      </div>
      <div className={styles.side}>
        <section className="card" aria-labelledby="all">
          <h2 id="all">All of it</h2>
          <p>
            Clicks without a pause, while the network is cut, answers are lost, the page is reloaded and the server is
            killed.
          </p>
          <div className="row">
            {kept.run ? (
              <button type="button" onClick={all.stop}>
                Stop
              </button>
            ) : (
              <button type="button" className="main" onClick={all.start}>
                Do all of it for {runSeconds} seconds
              </button>
            )}
          </div>
          {kept.report !== '' && (
            <p role="status">
              <strong>{kept.report}</strong>
            </p>
          )}
        </section>
        <WhatHappened lines={kept.lines} clear={() => ledger.change({ lines: [] })} />
      </div>
    </div>
  )
}

function useClicking(on: boolean, click: () => void): void {
  useEffect(() => {
    if (!on) return
    const timer = setInterval(click, 50)
    return () => clearInterval(timer)
  })
}
