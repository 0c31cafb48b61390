'use client'
/** Faults of this page's network, each with its line in the ledger, and with the time that it has left. */
import { type FaultsNow, faults } from 'heldstate/faults'
import { useSyncExternalStore } from 'react'
import { ledger } from './ledger'

const lookMs = 250
const listeners = new Set<() => void>()
/** When a cut or a half open connection ends, in milliseconds since the epoch. */
let until = 0

export const network = {
  cut(ms: number) {
    ledger.say(`✂ Network cut for ${ms / 1_000} s.`)
    faults.cut(ms)
    changed(ms)
  },
  lose(count: number) {
    ledger.say(`The next ${count} answers of the server will be lost.`)
    faults.loseAnswers(count)
    changed()
  },
  delay(ms: number) {
    ledger.say(ms ? `Each message takes ${ms} ms longer.` : 'Messages are as fast as before.')
    faults.delay(ms)
    changed()
  },
  halfOpen(ms: number) {
    ledger.say(`Nothing goes through for ${ms / 1_000} s, and nobody says so.`)
    faults.halfOpen(ms)
    changed(ms)
  },
}

function changed(lastsMs?: number): void {
  if (lastsMs !== undefined) until = Date.now() + lastsMs
  for (const listener of listeners) listener()
}

export interface NetworkNow extends FaultsNow {
  /** Seconds that a cut or a half open connection has left. */
  readonly seconds: number
}

const whole: NetworkNow = { cut: false, halfOpen: false, delayMs: 0, answersToLose: 0, seconds: 0 }
let seen = whole

/** Which faults are in effect. They end by themselves, so they are looked at again and again. */
export const useNetwork = (): NetworkNow => useSyncExternalStore(watch, look, () => whole)

function watch(listener: () => void): () => void {
  const timer = setInterval(listener, lookMs)
  listeners.add(listener)
  return () => {
    clearInterval(timer)
    listeners.delete(listener)
  }
}

/** The same object until something has changed. */
function look(): NetworkNow {
  const { now } = faults
  const seconds = now.cut || now.halfOpen ? Math.max(1, Math.ceil((until - Date.now()) / 1_000)) : 0
  const found = { ...now, seconds }
  if (JSON.stringify(found) !== JSON.stringify(seen)) seen = found
  return seen
}
