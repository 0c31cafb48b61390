/** What the lives of the clients and the truth of the server say together. */
import type { Life, Truth } from './schedule.js'

/** Counts add up over clients and rounds. */
export interface Figures {
  reconnects: number
  resumed: number
  clients: number
  finals: number
  changes: number
  shown: number
  /** Values shown again, or after a newer one. */
  stepsBack: number
  clicks: number
  acknowledged: number
  failed: number
  failedButRun: number
  unsettled: number
  unsettledButRun: number
  /** Runs of a click beyond its first. */
  duplicates: number
  acknowledgedLost: number
  /** Milliseconds from each reconnect until the client had what the server had then. */
  catchUp: number[]
  /** Reconnects whose connection was cut before that. */
  cutBefore: number
  neverCaughtUp: number
  messages: number
  bytesDown: number
  bytesUp: number
}

export const noFigures = (): Figures => ({
  reconnects: 0,
  resumed: 0,
  clients: 0,
  finals: 0,
  changes: 0,
  shown: 0,
  stepsBack: 0,
  clicks: 0,
  acknowledged: 0,
  failed: 0,
  failedButRun: 0,
  unsettled: 0,
  unsettledButRun: 0,
  duplicates: 0,
  acknowledgedLost: 0,
  catchUp: [],
  cutBefore: 0,
  neverCaughtUp: 0,
  messages: 0,
  bytesDown: 0,
  bytesUp: 0,
})

export function addClient(figures: Figures, life: Life, truth: Truth): void {
  figures.clients += 1
  figures.reconnects += life.opened.length - 1
  figures.resumed += life.resumed
  figures.messages += life.messages
  figures.bytesDown += life.bytesDown
  figures.bytesUp += life.bytesUp
  if (life.counter === truth.counter && life.clicked === truth.clicks) figures.finals += 1
  figures.changes += truth.counter
  figures.shown += new Set(life.shown).size
  figures.stepsBack += life.shown.filter((value, index) => value <= (life.shown[index - 1] ?? 0)).length
  addClicks(figures, life, truth)
  addCatchUp(figures, life, truth)
}

function addClicks(figures: Figures, life: Life, truth: Truth): void {
  let ran = 0
  for (const [click, outcome] of life.clicks.entries()) {
    const runs = truth.runs[click] ?? 0
    ran += runs
    figures.clicks += 1
    figures.duplicates += Math.max(0, runs - 1)
    if (outcome === 'acknowledged') {
      figures.acknowledged += 1
      if (runs === 0) figures.acknowledgedLost += 1
    } else if (outcome === 'failed') {
      figures.failed += 1
      if (runs > 0) figures.failedButRun += 1
    } else {
      figures.unsettled += 1
      if (runs > 0) figures.unsettledButRun += 1
    }
  }
  // a click that ran but is not in the state was lost as well
  figures.acknowledgedLost += Math.max(0, ran - truth.clicks)
}

function addCatchUp(figures: Figures, { opened, shown, shownAt }: Life, { changedAt }: Truth): void {
  for (const [index, at] of opened.entries()) {
    if (index === 0) continue
    const then = countUntil(changedAt, at)
    if (then === 0) continue
    const next = opened[index + 1] ?? Number.POSITIVE_INFINITY
    const before = countUntil(shownAt, at)
    if (before > 0 && (shown[before - 1] as number) >= then) {
      figures.catchUp.push(0)
      continue
    }
    const reached = shown.findIndex((value, position) => position >= before && value >= then)
    const reachedAt = shownAt[reached] ?? Number.POSITIVE_INFINITY
    if (reachedAt < next) figures.catchUp.push(reachedAt - at)
    else if (next === Number.POSITIVE_INFINITY) figures.neverCaughtUp += 1
    else figures.cutBefore += 1
  }
}

/** How many of these ascending times are not after `at`. */
function countUntil(times: readonly number[], at: number): number {
  let from = 0
  let to = times.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((times[middle] as number) <= at) from = middle + 1
    else to = middle
  }
  return from
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
