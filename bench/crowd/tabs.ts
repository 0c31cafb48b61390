/** Some of the tabs of the crowd, in a process of their own: real tabs of heldstate, or sockets of Socket.IO. */
import { io } from 'socket.io-client'
import { socketWire } from '../../lib/dist/client/socket.js'
import { StateHandle } from '../../lib/dist/client/state-handle.js'
import { Tab } from '../../lib/dist/client/tab.js'
import { signedBrowser } from '../../lib/dist/transport/browser-cookie.js'
import { answering } from '../child.js'
import { Line } from '../jitter/line.js'
import { bench, benchSecret, type Side } from '../socketio/definitions.js'

const [, , side, port] = process.argv as unknown as [string, string, Side, string]
const url = `http://127.0.0.1:${port}`

interface Member {
  /** Cuts its connection, and resolves when it is live over another one. */
  cut(): Promise<void>
  live: Promise<void>
  /** The counter after one more event, as its page shows it. */
  add(): Promise<number>
}

/** The same for both sides; the delays are heldstate's own. */
const optionsOf = (line: Line, browser: number) => ({
  forceNew: true,
  transports: ['websocket'],
  agent: line as unknown as string, // Socket.IO's types leave out what its documentation has for Node
  extraHeaders: {
    cookie: `heldstate=${signedBrowser(browser.toString(16).padStart(32, '0'), Date.now(), benchSecret)}`,
  },
  reconnectionDelay: 300,
  reconnectionDelayMax: 5_000,
  randomizationFactor: 0.5,
})

function heldMember(browser: number): Member {
  const line = new Line()
  let signed: string | undefined
  const tab = new Tab({
    wire: socketWire(url, optionsOf(line, browser)),
    identity: {
      claim: async () => signed,
      keep: (kept) => {
        signed = kept
      },
      forget: () => {
        signed = undefined
      },
    },
  })
  const handle = new StateHandle(bench, tab.own)
  const turns = (status: 'live' | 'reconnecting') =>
    new Promise<void>((resolve) => {
      const unsubscribe = tab.mirror.subscribe((mirror) => {
        if (mirror.status !== status) return
        unsubscribe()
        resolve()
      })
    })
  const live = turns('live')
  tab.start()
  return {
    live,
    cut: async () => {
      const lost = turns('reconnecting')
      line.cut(true)
      await lost
      await turns('live')
    },
    add: async () => {
      await tab.call('bench', 'add', [1])
      return (handle.snapshot(tab.mirror.getState()) as { counter: number }).counter
    },
  }
}

function bareMember(browser: number): Member {
  const line = new Line()
  const socket = io(url, optionsOf(line, browser))
  const welcomed = () => new Promise<void>((resolve) => socket.once('w', () => resolve()))
  return {
    live: welcomed(),
    cut: () => {
      const back = welcomed()
      line.cut(true)
      return back
    },
    add: async () => 0,
  }
}

const members: Member[] = []
const atOnce = 50

/** Does it with all tabs, with some at the same time. */
async function each<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const index = next
      next += 1
      results[index] = await act(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

answering({
  open: ({ from, count }: { from: number; count: number }) =>
    each(count, async (index) => {
      const member = (side === 'held' ? heldMember : bareMember)(from + index)
      members.push(member)
      await member.live
    }).then(() => {}),
  /** One event of each; how many of them then show another counter than this. */
  add: async (expected: number) =>
    (await each(members.length, (index) => (members[index] as Member).add())).filter((counter) => counter !== expected)
      .length,
  cut: async () => void (await Promise.all(members.map((member) => member.cut()))),
})
