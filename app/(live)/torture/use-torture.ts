'use client'
import { HeldStateError, useConnection, useServerState } from 'heldstate/react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ledger, noLedger } from './ledger'
import type { Blow, Serving } from './process'
import { torture } from './torture.state'

/** Milliseconds for which a page must have been live and still, before a click that has not come counts as lost. */
const patienceMs = 5_000

/** A call that ended so may have taken effect, and the tally shows whether it has. */
const unknown = new Set<string>(['connection-lost', 'state-lost'])

/** The tally, and all that may be done to this tab and its server. */
export function useTorture() {
  const c = useServerState(torture)
  const kept = useSyncExternalStore(ledger.subscribe, ledger.get, noLedger)
  const { status, lost: forgotten } = useConnection()
  const live = status === 'live'
  const serving = useServing(c.look, live)
  useDuplicates(c.highest, live)

  useEffect(() => {
    const { made, refused } = ledger.get()
    if (!live || !forgotten || made === 0) return
    ledger.change({ made: 0, refused: 0 })
    ledger.say(`The server no longer had this tab: its store was emptied. ${made - refused} clicks are history.`)
  }, [live, forgotten])

  const click = () => {
    const made = ledger.get().made + 1
    ledger.change({ made })
    c.click(made).catch((error: unknown) => {
      const { code, message } = error as HeldStateError
      if (error instanceof HeldStateError && !unknown.has(code)) ledger.change({ refused: ledger.get().refused + 1 })
      ledger.say(message)
    })
  }
  const hurt = async (blow: Blow) => {
    const pid = serving?.pid
    try {
      ledger.change({ hurtAt: Date.now() })
      await c.hurt(blow)
      const { run } = ledger.get()
      if (run && blow === 'kill') ledger.change({ run: { ...run, kills: run.kills + 1 } })
      ledger.say(`${blows[blow]} ${pid}`)
    } catch (error) {
      ledger.say((error as Error).message)
    }
  }

  const open = kept.made - kept.refused - c.highest + c.missed // made, and not come
  const isStill = useStill(`${c.highest} ${live} ${open}`, live && open > 0)
  const lost = isStill ? Math.max(0, open) : Math.max(0, c.missed - kept.refused)
  const tally = {
    made: kept.made,
    refused: kept.refused,
    came: c.highest - c.missed,
    open: Math.max(0, open - lost),
    lost,
    twice: c.twice,
  }
  return { c, kept, live, serving, click, hurt, tally }
}

export type Torture = ReturnType<typeof useTorture>

const blows: Record<Blow, string> = {
  kill: '☠ You killed process',
  freeze: '❄ You froze process',
  rollOut: '↻ You rolled out process',
}

/** Which process serves this page, asked again with each connection. */
function useServing(look: () => Promise<Serving>, live: boolean): (Serving & { readonly at: number }) | undefined {
  const [serving, setServing] = useState<Serving & { at: number }>()
  const asks = useRef(look)
  asks.current = look
  useEffect(() => {
    if (!live) return
    let gone = false
    asks.current().then(
      (found) => {
        if (gone) return
        setServing({ ...found, at: Date.now() })
        const { pid, hurtAt } = ledger.get()
        if (pid === found.pid) return
        ledger.change({ pid: found.pid })
        if (pid === 0) return
        const seconds = ((Date.now() - hurtAt) / 1_000).toFixed(1)
        if (Date.now() - hurtAt < 60_000) ledger.say(`● Process ${found.pid} serves you now, ${seconds} s later.`)
        else ledger.say(`Somebody else hurt your server. Process ${found.pid} serves you now; nothing is lost.`)
      },
      () => {}, // the connection ended meanwhile, and the next one asks again
    )
    return () => {
      gone = true
    }
  }, [live])
  return serving
}

/** A browser copies `sessionStorage` into the duplicate of a tab; the clicks on their way are the other tab's. */
function useDuplicates(highest: number, live: boolean): void {
  const [isCopy, setCopy] = useState(false)
  useEffect(() => {
    const { tab } = ledger.get()
    const page = Math.random()
    const channel = new BroadcastChannel('heldstate-torture-tab')
    channel.onmessage = ({ data }) => {
      if (data.tab !== ledger.get().tab) return
      if (data.asks && data.page !== page) channel.postMessage({ tab: data.tab, answers: data.page })
      if (data.answers === page) setCopy(true)
    }
    channel.postMessage({ tab, page, asks: true })
    return () => channel.close()
  }, [])
  useEffect(() => {
    if (!isCopy || !live) return
    setCopy(false)
    ledger.change({ tab: Math.random().toString(36).slice(2), made: highest, run: null })
    ledger.say('This tab is a copy of another one, and goes its own way from here.')
  }, [isCopy, live, highest])
}

/** Whether a text has stood still for a while. */
function useStill(text: string, watch: boolean): boolean {
  const [still, setStill] = useState('')
  useEffect(() => {
    if (!watch) return
    const timer = setTimeout(() => setStill(text), patienceMs)
    return () => clearTimeout(timer)
  }, [text, watch])
  return watch && still === text
}
