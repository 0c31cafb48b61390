/** Attacks on what connects: handshakes, upgrades, bodies, frames and packets. */

import { socketPath } from '../library.js'
import { enginePath, hello, hex32 } from '../raw.js'
import type { Attack, Scene } from '../scene.js'

const upgrade = (path: string, port: number) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`

/** Milliseconds in which an upgrade or a request must be answered or ended. */
const answerMs = 12_000

/** How many of the paths get neither an answer nor an end. */
async function unanswered(scene: Scene, texts: readonly string[]): Promise<number> {
  const settled = texts.map(async (text) => {
    const socket = scene.tcp()
    const ended = new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true))
      socket.once('close', () => resolve(true))
    })
    socket.write(text)
    const late = scene.pause(scene.scale < 1 ? 3_000 : answerMs).then(() => false)
    return Promise.race([ended, late])
  })
  return (await Promise.all(settled)).filter((answered) => !answered).length
}

/** The status of each answer, and how often it came. */
const tally = (statuses: readonly number[]) => {
  const counts = new Map<number, number>()
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} × ${status || 'no answer'}`).join(', ')
}

/** A polling connection with a namespace: its id, none if it was refused. */
export async function polling(scene: Scene, headers: Record<string, string> = {}, greeting: object = hello()) {
  const { status, body, cookie } = await scene.ask({ path: enginePath('polling'), headers })
  const sid = /"sid":"([^"]+)"/.exec(body)?.[1]
  if (status !== 200 || !sid) return undefined
  const path = enginePath('polling', `sid=${sid}`)
  const posted = async (text: string) => {
    const size = String(Buffer.byteLength(text))
    return scene.ask({
      method: 'POST',
      path,
      headers: { 'content-type': 'text/plain', 'content-length': size },
      body: text,
    })
  }
  await posted(`40${JSON.stringify(greeting)}`)
  return { sid, path, cookie, post: posted, get: () => scene.ask({ path }) }
}

export const connections: readonly Attack[] = [
  {
    name: 'C4-upgrades',
    title:
      '400 upgrades and 100 plain requests to our path without its last slash, and to paths below it that are nobody’s',
    run: async (scene) => {
      const paths = ['', '?EIO=4&transport=websocket', '/nothing', '/?EIO=3&transport=websocket', '//', '/..%2f'].map(
        (more) => `${socketPath}${more}`,
      )
      const upgrades = Array.from({ length: scene.some(400) }, (_, at) =>
        upgrade(paths[at % paths.length] ?? '', scene.port),
      )
      const plain = Array.from({ length: scene.some(100) }, (_, at) => {
        return `GET ${paths[at % paths.length]} HTTP/1.1\r\nHost: 127.0.0.1:${scene.port}\r\n\r\n`
      })
      const open = await unanswered(scene, [...upgrades, ...plain])
      return {
        done: `${upgrades.length} upgrades, ${plain.length} requests`,
        faults: open > 0 ? [`${open} were neither answered nor closed`] : [],
      }
    },
  },
  {
    name: 'H1-handshakes',
    title: '10,000 polling handshakes by GET',
    run: async (scene) => {
      const statuses: number[] = []
      const made = await scene.each(scene.some(10_000), 20, async () => {
        statuses.push((await scene.ask({ path: enginePath('polling') })).status)
      })
      return { done: `${made} handshakes: ${tally(statuses)}` }
    },
  },
  {
    name: 'H1-pipelined',
    title: '5 connections that write 1,000 polling handshakes each one behind the other, and read no answer',
    run: async (scene) => {
      const get = `GET ${enginePath('polling')} HTTP/1.1\r\nHost: 127.0.0.1:${scene.port}\r\n\r\n`
      const count = scene.some(1_000, 100)
      for (let at = 0; at < 5; at += 1) {
        const socket = scene.tcp()
        socket.pause()
        socket.write(get.repeat(count))
      }
      await scene.rest()
      return { done: `${5 * count} handshakes` }
    },
  },
  {
    name: 'H1-cross-site',
    title: '1,000 polling handshakes as an image of another site makes them',
    run: async (scene) => {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
      const statuses: number[] = []
      await scene.each(scene.some(1_000), 10, async () => {
        statuses.push((await scene.ask({ path: enginePath('polling'), headers })).status)
      })
      const taken = statuses.filter((status) => status === 200).length
      return { done: tally(statuses), faults: taken > 0 ? [`${taken} handshakes of another site were taken`] : [] }
    },
  },
  {
    name: 'H1-connects',
    title: 'one polling connection with 3,500 CONNECTs in one POST, and a websocket with as many',
    sessions: 2,
    run: async (scene) => {
      const count = scene.some(3_500, 200)
      const connects = Array.from({ length: count }, (_, at) => `40/n${at},${JSON.stringify(hello())}`)
      const same = Array.from({ length: count }, () => `40${JSON.stringify(hello())}`)
      const one = await polling(scene)
      await one?.post([...connects, ...same].join('\x1e'))
      void one?.get()
      const page = scene.page()
      if (await page.open) for (const text of [...connects, ...same]) page.text(text)
      await scene.pause(500)
      return { done: `${count * 4} CONNECTs` }
    },
  },
  {
    name: 'H1-slow-posts',
    title: '200 POST bodies, a byte a second each',
    run: async (scene) => {
      const bodies = await Promise.all(
        Array.from({ length: scene.some(200, 20) }, async () => {
          const { status, body } = await scene.ask({ path: enginePath('polling') })
          const sid = /"sid":"([^"]+)"/.exec(body)?.[1]
          if (status !== 200 || !sid) return undefined
          const socket = scene.tcp()
          socket.write(
            `POST ${enginePath('polling', `sid=${sid}`)} HTTP/1.1\r\nHost: 127.0.0.1:${scene.port}\r\n` +
              'Content-Type: text/plain\r\nContent-Length: 900000\r\n\r\n',
          )
          return socket
        }),
      )
      while (scene.on) {
        for (const socket of bodies) socket?.write('4')
        await scene.pause(Math.min(1_000, 1_000 * Math.max(scene.scale, 0.2)))
      }
      return { done: `${bodies.filter(Boolean).length} bodies` }
    },
  },
  {
    name: 'H1-half-open',
    title: '500 sockets that say nothing, half a request, or stop after the upgrade',
    sessions: 0,
    run: async (scene) => {
      const count = scene.some(500, 30)
      for (let at = 0; at < count && scene.on; at += 1) {
        if (at % 3 === 0) scene.tcp()
        else if (at % 3 === 1) scene.tcp().write(`GET ${enginePath('polling')} HTTP/1.1\r\nHost: 127.0`)
        else scene.page()
        if (at % 20 === 0) await scene.pause(5)
      }
      await scene.rest()
      return { done: `${count} sockets` }
    },
  },
  {
    name: 'X-frames',
    title:
      'malformed frames: reserved bits and opcodes, lengths that lie, texts that are no text, fragments without end',
    run: async (scene) => {
      const frames: readonly [first: number, payload: Buffer, length?: number][] = [
        [0xf1, Buffer.from('4')],
        [0x83, Buffer.from('4')],
        [0x81, Buffer.from([0xff, 0xfe, 0xc0])],
        [0x81, Buffer.alloc(0), 2 ** 40],
        [0x81, Buffer.alloc(0), 1_500_000],
        [0x01, Buffer.from('4'.repeat(500_000))],
        [0x00, Buffer.from('no start')],
        [0x89, Buffer.alloc(200)],
        [0x88, Buffer.from([3])],
        [0x82, Buffer.from([0, 1, 2])],
        [0x81, Buffer.from('')],
        [0x81, Buffer.from('9')],
        [0x81, Buffer.from('2probe')],
        [0x81, Buffer.from('5')],
        [0x81, Buffer.from('4')],
        [0x81, Buffer.from('4\x1e4\x1e2\x1e')],
      ]
      const done = await scene.each(scene.some(2_000, 100), 20, async (at) => {
        const page = scene.page()
        if (at % 2) await page.enter({ watch: ['target'] })
        else await page.open
        const [first, payload, length] = frames[at % frames.length] as (typeof frames)[number]
        for (let times = first === 0x01 ? 5 : 1; times > 0; times -= 1)
          page.frame(times === 1 || first !== 1 ? first : 0, payload, length)
        await page.until(() => false, 20)
        page.close()
      })
      return { done: `${done} connections` }
    },
  },
  {
    name: 'X-packets',
    title:
      'malformed packets of Socket.IO: unknown namespaces, binary attachments that never come, acks, numbers at the edges',
    run: async (scene) => {
      const packets = [
        '40/admin,{}',
        '40/__proto__,{}',
        '451-["call",{"_placeholder":true,"num":0}]',
        '459999-["call",{"_placeholder":true,"num":0}]',
        '45-["call"]',
        '451-["call",{"_placeholder":true,"num":-1}]',
        '4299999999999999999999["alive"]',
        '42["alive"]',
        '420["alive"]',
        '43["no question"]',
        '437[]',
        '461-[]',
        '44{"message":"x"}',
        '41',
        '42',
        '42{}',
        '42[]',
        '42["connect"]',
        '42["disconnect"]',
        '42["__proto__",{}]',
        '42[{"toString":1}]',
        `42["call",1,"target","add",${'['.repeat(5_000)}${']'.repeat(5_000)}]`,
        `42${'['.repeat(100_000)}`,
        `42["${'x'.repeat(900_000)}"]`,
        `42["call",1,"${'x'.repeat(900_000)}","add"]`,
        '49',
        '4',
      ]
      const done = await scene.each(scene.some(1_000, 108), 10, async (at) => {
        const page = scene.page()
        await page.enter({ watch: ['target'] })
        page.text(packets[at % packets.length] ?? '')
        if (packets[at % packets.length]?.startsWith('45')) page.frame(0x82, Buffer.alloc(1_000))
        await page.until(() => false, 10)
        page.close()
      })
      return { done: `${done} connections`, acted: done }
    },
  },
  {
    name: 'X-hellos',
    title: 'hellos that are none: other versions, tokens of others, names of prototypes, lists of a million',
    sessions: 40,
    run: async (scene) => {
      const hellos: readonly object[] = [
        { version: 99 },
        {},
        hello({ token: `${hex32()}.${hex32()}` }),
        hello({ token: 5 }),
        hello({ token: 'x'.repeat(900_000) }),
        hello({ page: '__proto__' }),
        hello({ watch: ['__proto__', 'constructor', 'toString'] }),
        hello({ watch: Array.from({ length: 1_001 }, (_, at) => `s${at}`) }),
        hello({ watch: Array.from({ length: 50_000 }, () => 'big') }),
        hello({ watch: 'big' }),
        hello({ lastSeq: -1 }),
        hello({ lastSeq: 2 ** 53 }),
        hello({ copyOf: `${hex32()}.${hex32()}` }),
        JSON.parse('{"__proto__":{"version":3}}') as object,
      ]
      const done = await scene.each(scene.some(1_000, 56), 10, async (at) => {
        const page = scene.page()
        if (await page.open) page.greet(hellos[at % hellos.length] as object)
        await page.until(() => false, 10)
        page.close()
      })
      return { done: `${done} hellos` }
    },
  },
]
