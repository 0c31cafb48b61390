/**
 * The honest neighbour, a process of its own: one tab that clicks every 25 ms and notes how long each click took. The parent
 * asks over IPC: `open`, `phase`, `figures`, `check`, `newcomer`.
 */
import { answering } from '../child.js'
import { StateHandle, socketWire, Tab } from './library.js'
import { enginePath } from './raw.js'
import { neighbour } from './states.js'

/** Milliseconds between two clicks. */
const clickMs = 25
/** Clicks that wait for their answers at once: while the thread is held for seconds, a person makes no more. */
const mostWaiting = 60
/** Milliseconds in which it must be welcomed at first. */
const openMs = 20_000

interface Click {
  readonly at: number
  ms?: number
  failure?: string
}

export interface Clicks {
  readonly clicks: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  /** By what they failed with. */
  readonly failed: Readonly<Record<string, number>>
}

/** What a browser keeps, and sends when it connects again. */
async function cookieOf(url: string): Promise<string> {
  const { headers } = await fetch(url + enginePath('polling'))
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

async function openTab(url: string) {
  let signed: string | undefined
  const identity = {
    claim: async () => signed,
    keep: (token: string) => {
      signed = token
    },
    forget: () => {
      signed = undefined
    },
  }
  const cookie = await cookieOf(url)
  const wire = socketWire(url, { forceNew: true, transports: ['websocket'], extraHeaders: { cookie } })
  const tab = new Tab({ wire, identity, report: () => {} })
  const handle = new StateHandle(neighbour, tab.own)
  const live = new Promise<void>((resolve) => tab.mirror.subscribe(({ status }) => status === 'live' && resolve()))
  tab.start()
  const shown = () => (handle.snapshot(tab.mirror.getState()) as unknown as { clicks: number }).clicks
  shown() // watches it
  return { tab, live, shown }
}

let url = ''
let honest: Awaited<ReturnType<typeof openTab>> | undefined
let clicks: Click[] = []
let timer: NodeJS.Timeout | undefined
let acknowledged = 0
let made = 0

const isWaiting = ({ ms, failure }: Click) => ms === undefined && !failure

function click(): void {
  if (clicks.filter(isWaiting).length >= mostWaiting) return
  const one: Click = { at: performance.now() }
  clicks.push(one)
  made += 1
  honest?.tab.call('neighbour', 'click', []).then(
    () => {
      one.ms = performance.now() - one.at
      acknowledged += 1
    },
    (error: { code?: string }) => {
      one.failure = error.code ?? String(error)
    },
  )
}

const within = (ms: number, ready: Promise<unknown>) =>
  Promise.race([ready.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, ms, false))])

/** Done when no click is under way, or some have been for too long. */
async function rest(lostMs: number): Promise<void> {
  const end = performance.now() + lostMs
  while (clicks.some(isWaiting) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
}

answering({
  open: async (port: number) => {
    url = `http://127.0.0.1:${port}`
    honest = await openTab(url)
    if (!(await within(openMs, honest.live))) return false
    click()
    await rest(openMs) // its token is in the store from here on, also on a slow machine
    timer = setInterval(click, clickMs)
    return acknowledged > 0
  },
  /** Forgets the clicks before. */
  phase: () => {
    clicks = clicks.filter(isWaiting)
  },
  /** Of the clicks since; one that is under way counts as long as it has waited. */
  figures: (): Clicks => {
    const now = performance.now()
    const times = clicks.map(({ at, ms }) => ms ?? now - at).sort((a, b) => a - b)
    const failed: Record<string, number> = {}
    for (const { failure } of clicks) if (failure) failed[failure] = (failed[failure] ?? 0) + 1
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
    return { clicks: clicks.length, p50: at(0.5), p99: at(0.99), longest: at(1), failed }
  },
  /** Stops clicking until all have ended, or have waited for so long: what was wrong with the sum. */
  check: async (lostMs: number) => {
    clearInterval(timer)
    await rest(lostMs)
    const waiting = clicks.filter(isWaiting).length
    const shown = honest?.shown()
    timer = setInterval(click, clickMs)
    const faults: string[] = []
    if (waiting > 0) faults.push(`${waiting} clicks were never answered`)
    if (acknowledged !== made - waiting) faults.push(`${made - waiting - acknowledged} clicks failed`)
    if (shown !== acknowledged) faults.push(`${acknowledged} clicks were acknowledged and ${shown} are shown`)
    return faults
  },
  /** Milliseconds until another honest tab is live; none if it was not in time. */
  newcomer: async (withinMs: number) => {
    const began = performance.now()
    const { tab, live } = await openTab(url)
    const opened = await within(withinMs, live)
    tab.stop()
    return opened ? performance.now() - began : undefined
  },
})
