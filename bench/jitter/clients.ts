/**
 * The clients of one side of the jitter bench, all in one process of their own. They count and click, their connections
 * are cut by schedule, and in the end each tells its life.
 */
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client'
import { shownOf } from '../../lib/dist/client/mirror.js'
import { socketWire } from '../../lib/dist/client/socket.js'
import { Tab } from '../../lib/dist/client/tab.js'
import { signedBrowser } from '../../lib/dist/transport/browser-cookie.js'
import { answering, load } from '../child.js'
import { Line } from './line.js'
import { benchSecret, type Life, type Schedule, type Settings, type Side, scheduleOf, sharedNow } from './schedule.js'

const side = process.argv[2] as Side
const settings = JSON.parse(process.argv[3] as string) as Settings
const round = Number(process.argv[4])
const port = Number(process.argv[5])

interface Client {
  readonly line: Line
  readonly life: Life
  /** Resolves when it is connected for the first time. */
  readonly ready: Promise<void>
  run(): void
  click(click: number): Promise<unknown>
  stop(): void
}

const url = `http://127.0.0.1:${port}`

const cookieOf = (client: number) =>
  `heldstate=${signedBrowser(client.toString(16).padStart(32, '0'), Date.now(), benchSecret)}`

/** The same for all sides; the delays are heldstate's own. */
function optionsOf(line: Line, client: number): Partial<ManagerOptions> {
  return {
    forceNew: true,
    transports: ['websocket'],
    agent: line as unknown as string, // Socket.IO's types leave out what its documentation has for Node
    extraHeaders: { cookie: cookieOf(client) }, // what a browser would keep and send
    reconnectionDelay: 300,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
  }
}

const newLife = (): Life => ({
  opened: [],
  resumed: 0,
  shown: [],
  shownAt: [],
  clicks: [],
  counter: 0,
  clicked: 0,
  messages: 0,
  bytesDown: 0,
  bytesUp: 0,
  connected: false,
})

interface View {
  readonly counter: number
  readonly clicks: number
}

/** Notes what is shown; a view without a new value of the counter says nothing. */
function show(life: Life, { counter, clicks }: View): void {
  if (counter !== life.counter) {
    life.shown.push(counter)
    life.shownAt.push(sharedNow())
  }
  life.counter = counter
  life.clicked = clicks
}

function heldClient(client: number): Client {
  const line = new Line()
  const life = newLife()
  const wire = socketWire(url, optionsOf(line, client))
  let token: string | undefined
  const tab = new Tab({
    wire: {
      ...wire,
      start: (listener) =>
        wire.start({
          ...listener,
          hello: () => {
            life.opened.push(sharedNow())
            return listener.hello()
          },
          message: (name, args) => {
            life.messages += 1
            if (name === 'r') life.resumed += 1
            listener.message(name, args)
          },
        }),
    },
    identity: {
      claim: async () => token,
      keep: (kept) => {
        token = kept
      },
      forget: () => {
        token = undefined
      },
    },
  })
  const position = tab.watch('jitter')
  const ready = new Promise<void>((resolve) => {
    tab.mirror.subscribe((mirror) => {
      const { views } = shownOf(mirror)
      life.connected = mirror.status === 'live'
      if (life.connected) resolve()
      const view = views.get(position) as View | undefined
      if (view) show(life, view)
    })
  })
  tab.start()
  return {
    line,
    life,
    ready,
    run: () => void tab.call('jitter', 'run', [client]),
    click: (click) => tab.call('jitter', 'click', [client, click]),
    stop: () => tab.stop(),
  }
}

function socketClient(client: number): Client {
  const line = new Line()
  const life = newLife()
  const retries = side === 'recovery' ? settings.retries : 0
  const options: Partial<ManagerOptions & SocketOptions> = {
    ...optionsOf(line, client),
    ...(retries > 0 ? { retries, ackTimeout: 10_000 } : {}),
    auth: (answer) => {
      life.opened.push(sharedNow())
      answer({ client })
    },
  }
  const socket = io(url, options)
  let view = { counter: 0, clicks: 0 }
  socket.onAny(() => {
    life.messages += 1
  })
  socket.on('d', (_from: number, _to: number, patches: [[number, keyof View], number][]) => {
    for (const [[, key], value] of patches) view = { ...view, [key]: value }
    show(life, view)
  })
  socket.on('w', (_revision: number, [whole]: [View]) => {
    view = whole
    show(life, view)
  })
  socket.on('disconnect', () => {
    life.connected = false
  })
  const ready = new Promise<void>((resolve) =>
    socket.on('connect', () => {
      life.connected = true
      if (socket.recovered) life.resumed += 1
      resolve()
    }),
  )
  return {
    line,
    life,
    ready,
    run: () => void socket.emit('run', () => {}), // acknowledged: with retries, everything else waits for that
    click: (click) =>
      new Promise<void>((resolve, reject) => {
        const answered = (error?: unknown) => {
          life.messages += 1
          if (error) reject(error)
          else resolve()
        }
        socket.emit('click', click, answered)
      }),
    stop: () => void socket.disconnect(),
  }
}

const clients: Client[] = []

/** Everything that happens to one client, until the time is up. */
function live({ line, life, click }: Client, schedule: Schedule): void {
  const { cuts, clicksMs } = schedule
  for (const { atMs, reset } of cuts) setTimeout(() => line.cut(reset), atMs)
  for (const [index, atMs] of clicksMs.entries())
    setTimeout(() => {
      life.clicks[index] = 'open'
      click(index).then(
        () => {
          life.clicks[index] = 'acknowledged'
        },
        () => {
          life.clicks[index] = 'failed'
        },
      )
    }, atMs)
}

answering({
  connect: async () => {
    for (let client = 0; client < settings.clients; client += 1) {
      const made = side === 'held' ? heldClient(client) : socketClient(client)
      clients.push(made)
      await made.ready
    }
  },
  run: async () => {
    for (const [client, { run }] of clients.entries()) setTimeout(run, scheduleOf(settings, round, client).startMs)
    await new Promise((resolve) => setTimeout(resolve, settings.everyMs + 500))
  },
  live: async () => {
    for (const [client, made] of clients.entries()) live(made, scheduleOf(settings, round, client))
    await new Promise((resolve) => setTimeout(resolve, settings.durationMs))
  },
  load,
  connected: () => clients.every(({ life }) => life.connected),
  lives: () => clients.map(({ life, line }): Life => ({ ...life, bytesDown: line.bytes.down, bytesUp: line.bytes.up })),
})
