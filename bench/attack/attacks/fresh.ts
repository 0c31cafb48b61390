/** Attacks that were found with fresh eyes: by many pages that each stay within their bounds, and by what is cheap to ask and dear to do. */
import { setTimeout } from 'node:timers/promises'
import type { RawPage } from '../raw.js'
import type { Attack, Scene } from '../scene.js'

/** Pages that have been welcomed, so many at once. */
async function pages(scene: Scene, count: number, watch: readonly string[]): Promise<RawPage[]> {
  const made: RawPage[] = []
  await scene.each(count, 50, async () => {
    made.push(await scene.entered(watch))
  })
  return made
}

/** Does it again and again, and lets the sockets have their turn. */
async function again(scene: Scene, ms: number, work: () => void): Promise<number> {
  let times = 0
  for (; scene.on; times += 1) {
    work()
    await setTimeout(ms)
  }
  return times
}

export const fresh: readonly Attack[] = [
  {
    name: 'X-many-in-rate',
    title: '150 pages of one address that each make 180 calls a second, which is within their rate',
    run: async (scene) => {
      const all = await pages(scene, scene.some(150, 5), ['target'])
      let id = 0
      const times = await again(scene, 100, () => {
        for (const page of all)
          page.emit(
            'batch',
            Array.from({ length: 18 }, () => ['call', 0, (id += 1), 'target', 'add', [1]]),
          )
      })
      return { done: `${times} × ${all.length} × 18 calls`, acted: all.length, keptBytes: 1_000_000 }
    },
  },
  {
    name: 'X-many-welcomes',
    title: '40 pages of one address that read all and ask for a welcome of 478 KB every 250 ms',
    run: async (scene) => {
      const all = await pages(scene, scene.some(40, 3), ['big'])
      const times = await again(scene, 250, () => {
        for (const page of all) page.emit('resync', 0)
      })
      return { done: `${times} × ${all.length} welcomes were asked for` }
    },
  },
  {
    name: 'X-hello-loop',
    title: 'one tab with a state of 478 KB that connects again, 40 times a second',
    run: async (scene) => {
      const first = await scene.entered(['big'])
      const { token, cookie } = first
      let welcomed = 0
      let running = 0
      const times = await again(scene, 25, () => {
        if (running > 20) return
        running += 1
        const page = scene.page(cookie)
        void page.enter({ token, watch: ['big'] }).then((fine) => {
          running -= 1
          if (fine) welcomed += 1
          page.close()
        })
      })
      return { done: `${times} connections, ${welcomed} welcomes` }
    },
  },
  {
    name: 'X-small-frames',
    title:
      '8 sockets with frames of 7 bytes that are no messages of a page: pongs of the engine, answers to no question',
    run: async (scene) => {
      const all = await pages(scene, 8, [])
      const frame = (first: number, text: string) =>
        Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])
      const kinds = [frame(0x81, '3'), frame(0x8a, ''), frame(0x81, '43[]'), frame(0x89, '')]
      const floods = kinds.map((kind) => Buffer.concat(Array.from({ length: 9_000 }, () => kind)))
      let bytes = 0
      await again(scene, 20, () => {
        for (const [at, { socket }] of all.entries())
          if (!socket.destroyed && !socket.writableNeedDrain) {
            const flood = floods[at % floods.length] as Buffer
            bytes += flood.length
            socket.write(flood)
          }
      })
      return { done: `${Math.round(bytes / 1e6)} MB in small frames` }
    },
  },
  {
    name: 'X-watches',
    title: '200 connections that each watch 1,000 states that nobody has declared, and make 40 calls',
    heldBytes: 40_000_000,
    run: async (scene) => {
      const watch = ['target', ...Array.from({ length: 999 }, (_, at) => `s${at}`)]
      const all = await pages(scene, scene.some(200, 10), watch)
      for (let times = 0; times < 40; times += 1) {
        for (const page of all) page.call('target', 'add', 1)
        await setTimeout(50)
      }
      await scene.rest()
      return { done: `${all.length} connections`, acted: all.length, keptBytes: 1_000_000 }
    },
  },
  {
    name: 'X-copies-changed',
    heldBytes: 50_000_000,
    title: '40 copies of a tab that holds 8 MB, each of which makes one small call',
    run: async (scene) => {
      const original = scene.page()
      await original.enter({ watch: ['target'] })
      const parts = scene.some(10, 4)
      for (let part = 0; part < parts; part += 1) await original.calls('target', 'grow', 800_000)
      const { token, cookie } = original
      let made = 0
      await scene.each(40, 4, async () => {
        const page = scene.page(cookie)
        if (!(await page.enter({ copyOf: token, watch: [] }))) return
        if (await page.settled(page.call('target', 'add', 1))) made += 1
      })
      return { done: `${made} copies of ${parts} × 800 KB were saved`, acted: 1 + made }
    },
  },
  {
    name: 'X-full-tabs',
    heldBytes: 300_000_000,
    fills: true,
    title: '60 tabs that stay and 120 that leave, each with a state of 9 MB',
    run: async (scene) => {
      let filled = 0
      await scene.each(scene.some(180, 4), 4, async (at) => {
        const page = await scene.entered([])
        for (let part = 0; part < 10; part += 1)
          if (!(await page.settled(page.call('target', 'put', `${part}`, `${part}`.padEnd(900_000, 'x'))))) return
        filled += 1
        if (at % 3 > 0) page.close()
      })
      await scene.rest()
      return { done: `${filled} tabs were filled`, acted: filled, keptBytes: 270_000_000 }
    },
  },
]
