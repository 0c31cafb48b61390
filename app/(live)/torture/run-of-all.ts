'use client'
/** Everything at once for a minute: clicks without a pause, and faults by a timetable that goes on after a reload. */
import { faults } from 'heldstate/faults'
import { useEffect, useRef } from 'react'
import { ledger } from './ledger'
import { network } from './network'
import type { Torture } from './use-torture'

export const runSeconds = 60
const clickMs = 50
/** A page keeps 100 changes while it is not connected, and refuses more. */
export const mostOpen = 80

interface Act {
  /** Seconds from the start. */
  readonly at: number
  readonly name: 'cut' | 'lose' | 'slow' | 'half open' | 'kill' | 'reload'
  readonly begin: (torture: Torture) => void
}

const kill = (at: number): Act => ({
  at,
  name: 'kill',
  begin: ({ serving, hurt }) => void (serving?.nodes && hurt('kill')),
})
const reload = (at: number): Act => ({
  at,
  name: 'reload',
  begin: () => {
    ledger.say('↻ Reload, in the middle of it.')
    location.reload()
  },
})

const acts: readonly Act[] = [
  { at: 3, name: 'cut', begin: () => network.cut(2_000) },
  { at: 8, name: 'lose', begin: () => network.lose(5) },
  kill(13),
  { at: 18, name: 'slow', begin: () => network.delay(300) },
  { at: 22, name: 'slow', begin: () => network.delay(0) },
  reload(24),
  { at: 29, name: 'half open', begin: () => network.halfOpen(4_000) },
  kill(38),
  reload(42),
  { at: 47, name: 'cut', begin: () => network.cut(3_000) },
  { at: 53, name: 'lose', begin: () => network.lose(3) },
]

/** A kill waits for its time: it must reach the process that serves this page, which must have rested. */
const mayKill = ({ live, serving }: Torture) =>
  live &&
  !faults.now.halfOpen &&
  serving !== undefined &&
  (serving.nodes === 0 || Date.now() > serving.at + serving.restMs)

/** Starts and stops it, and goes on with one that a reload has interrupted. */
export function useRunOfAll(torture: Torture) {
  const latest = useRef(torture)
  latest.current = torture
  const { run } = torture.kept
  const began = run?.began

  useEffect(() => {
    if (began === undefined) return
    const timer = setInterval(() => {
      const now = latest.current
      const { run, made } = ledger.get()
      if (!run) return
      const seconds = (Date.now() - run.began) / 1_000
      if (seconds < runSeconds && now.tally.open < mostOpen) now.click()
      const act = acts[run.acts]
      if (act && seconds >= act.at && (act.name !== 'kill' || mayKill(now))) {
        ledger.change({ run: { ...run, acts: run.acts + 1 } })
        act.begin(now)
      }
      if (seconds < runSeconds) return
      const { lost, twice, open } = now.tally
      if (!now.live || open > 0 || run.acts < acts.length) return
      const done = (name: Act['name']) => acts.filter((act) => act.name === name).length
      const kills = now.serving?.nodes ? `${run.kills} kills, ` : ''
      const report = `${made - run.from} clicks, ${kills}${done('cut')} cuts, ${done('reload')} reloads: ${lost} lost, ${twice} twice.`
      ledger.change({ run: null, report })
      ledger.say(`Done. ${report}`)
    }, clickMs)
    return () => clearInterval(timer)
  }, [began])

  return {
    start: () => {
      ledger.change({ run: { began: Date.now(), acts: 0, kills: 0, from: ledger.get().made }, report: '' })
      ledger.say(`▶ All of it, for ${runSeconds} seconds.`)
    },
    stop: () => {
      ledger.change({ run: null })
      ledger.say('■ Stopped.')
      faults.delay(0)
      faults.restore()
    },
  }
}
