/** Attacks by pages that do not read, or read a little. */

import type { RawPage } from '../raw.js'
import { hello } from '../raw.js'
import type { Attack, Scene } from '../scene.js'
import { polling } from './connections.js'

/** Keeps a page alive that does not read: an answer to a ping that nobody has seen counts as well. */
const pong = (page: RawPage) => page.text('3')

/** Pages that watch the big state and stop to read once they are welcomed. */
async function silent(scene: Scene, count: number, watch = ['big']): Promise<RawPage[]> {
  const pages = await Promise.all(Array.from({ length: count }, () => scene.entered(watch)))
  for (const page of pages) page.socket.pause()
  return pages
}

/** Bytes for a welcome of each page and its share of the state. */
const heldBytes = 25_000_000

export const reading: readonly Attack[] = [
  {
    name: 'C2-unread',
    heldBytes,
    title: '8 sockets that answer pings, never read, and ask for 20,000 resyncs of 478 KB',
    leastMs: 40_000, // a process of this size is full after a third of it
    run: async (scene) => {
      const pages = await silent(scene, 8)
      let asked = 0
      const most = scene.some(20_000, 2_000)
      while (scene.on && asked < most) {
        for (const page of pages) {
          if (!page.isClosed) page.emit('resync', 0)
          asked += 1
        }
        if (asked % 400 === 0) for (const page of pages) pong(page)
        await scene.pause(12) // closer ones are answered by one welcome
      }
      await scene.rest()
      return { done: `${asked} resyncs, ${pages.filter(({ isClosed }) => isClosed).length} sockets were closed` }
    },
  },
  {
    name: 'C2-unread-batch',
    heldBytes,
    title: 'the same in batches of 1,000, and as calls that change the state',
    run: async (scene) => {
      const pages = await silent(scene, 4)
      const resyncs = Array.from({ length: 1_000 }, () => ['resync', 0])
      let id = 0
      while (scene.on && id < scene.some(4_000, 400)) {
        for (const page of pages) {
          page.emit('batch', resyncs)
          page.emit(
            'batch',
            Array.from({ length: 100 }, () => ['call', 0, (id += 1), 'big', 'add', [1]]),
          )
          pong(page)
        }
        await scene.pause(20)
      }
      await scene.rest()
      return { done: `${id} calls`, acted: pages.length, keptBytes: pages.length * 2_000_000 }
    },
  },
  {
    name: 'C2-unread-polling',
    heldBytes,
    title: '8 polling connections without a GET that ask for 400 resyncs each',
    run: async (scene) => {
      const pages = await Promise.all(Array.from({ length: 8 }, () => polling(scene, {}, hello({ watch: ['big'] }))))
      const asked = await scene.each(scene.some(400, 20), 1, () => {
        const resyncs = Array.from({ length: 8 }, () => '42["resync"]').join('\x1e')
        return Promise.all(pages.map((page) => page?.post(resyncs)))
      })
      await scene.rest()
      return { done: `${asked * 64} resyncs over ${pages.filter(Boolean).length} connections` }
    },
  },
  {
    name: 'C2-trickle',
    heldBytes,
    title: '40 sockets that read some bytes a second of a state that changes',
    run: async (scene) => {
      const pages = await silent(scene, scene.some(40, 8))
      let id = 0
      while (scene.on) {
        for (const page of pages) {
          page.emit('call', 0, (id += 1), 'big', 'add', [1])
          if (id % 3 === 0) page.emit('resync', 0)
          page.socket.resume()
          setImmediate(() => page.socket.pause())
        }
        await scene.pause(100)
      }
      return { done: `${id} calls`, acted: pages.length, keptBytes: pages.length * 1_500_000 }
    },
  },
  {
    name: 'C2-unread-answers',
    heldBytes,
    title: '20 sockets that never read the answers to failing calls with long texts',
    run: async (scene) => {
      const pages = await silent(scene, 20, ['target'])
      let calls = 0
      while (scene.on && calls < scene.some(400, 60)) {
        for (const page of pages) {
          page.call('target', 'echo', 'e'.repeat(100_000))
          calls += 1
        }
        await scene.pause(50)
      }
      await scene.rest()
      return { done: `${calls} calls`, acted: pages.length, keptBytes: pages.length * 100_000 }
    },
  },
  {
    name: 'C2-unread-small',
    heldBytes,
    title:
      '5 sockets that never read 100,000 small answers each: acknowledgements, pongs, refused namespaces, failures',
    run: async (scene) => {
      const asks: readonly ((page: RawPage, at: number) => void)[] = [
        (page) => page.text('421["alive"]'),
        (page) => page.frame(0x89, Buffer.alloc(125)),
        (page) => page.text('40/nobody,{}'),
        (page) => page.text('42["nothing"]'),
        (page, at) => page.emit('watch', 0, at, 'nobody'),
      ]
      const pages = await silent(scene, asks.length, ['target'])
      const most = scene.some(100_000, 20_000)
      let at = 0
      while (scene.on && at < most) {
        for (const [index, page] of pages.entries()) {
          page.socket.cork()
          for (let more = 0; more < 250; more += 1) asks[index]?.(page, at + more)
          page.socket.uncork()
        }
        at += 250
        await scene.pause(pages.some(({ socket }) => socket.writableLength > 1_000_000) ? 20 : 1)
      }
      await scene.rest()
      return { done: `${at} messages each`, acted: 0 }
    },
  },
  {
    name: 'X-slow-phone',
    title: 'no attack: a page that reads 3 MB a second of a state of 9 MB, and must get all of it',
    run: async (scene) => {
      const first = await scene.entered(['target'])
      const parts = scene.some(10, 2)
      for (let part = 0; part < parts; part += 1) await first.calls('target', 'grow', 900_000)
      const { token, cookie } = first
      const phone = scene.page(cookie)
      phone.socket.on('data', () => {
        phone.socket.pause()
        setTimeout(() => phone.socket.resume(), 20)
      })
      await phone.open
      phone.greet(hello({ token, watch: ['target'] }))
      const changing = setInterval(() => first.call('target', 'add', 1), 100)
      const arrived = await phone.until(() => phone.last('w') !== undefined, 20_000)
      clearInterval(changing)
      return {
        done: `${((phone.last('w')?.bytes ?? 0) / 1e6).toFixed(1)} MB`,
        acted: 1,
        keptBytes: parts * 2_000_000,
        faults: arrived ? [] : ['the welcome did not arrive'],
      }
    },
  },
]
