/** Attacks by many tabs: minted, copied, left behind, and by what one tab watches. */
import { hello, hex32, type RawPage } from '../raw.js'
import type { Attack, Scene } from '../scene.js'

/** Leaves the namespace of Socket.IO, and enters it with another hello over the same connection. */
async function again(page: RawPage, greeting: object): Promise<boolean> {
  page.text('41')
  page.came = []
  page.greet(greeting)
  return page.until(() => page.last('w') !== undefined || page.last('bye') !== undefined, 500)
}

export const tabs: readonly Attack[] = [
  {
    name: 'C3-hellos',
    title: 'hellos without a token, as many as fit into the time, over 20 connections that stay',
    run: async (scene) => {
      let made = 0
      const lane = async () => {
        while (scene.on && made < 50_000) {
          const page = await scene.entered(['target'])
          for (made += 1; scene.on && made < 50_000 && !page.isClosed; made += 1)
            if (!(await again(page, hello({ watch: ['target'] })))) break
          page.close()
        }
      }
      await Promise.all(Array.from({ length: 20 }, lane))
      return { done: `${made} hellos` }
    },
  },
  {
    name: 'C3-connections',
    title: 'hellos without a token, each over a connection and from a browser of its own',
    run: async (scene) => {
      const made = await scene.each(20_000, 20, async () => {
        const page = await scene.entered(['target'])
        page.close()
      })
      return { done: `${made} tabs` }
    },
  },
  {
    name: 'C3-copies',
    heldBytes: 50_000_000,
    title: '40 copies of a tab that holds 8 MB',
    run: async (scene) => {
      const original = await scene.entered(['target'])
      const { cookie } = original
      const parts = scene.some(10, 4)
      for (let part = 0; part < parts; part += 1) await original.calls('target', 'grow', 800_000)
      const { token } = original
      let made = 0
      await scene.each(40, 4, async () => {
        const page = scene.page(cookie)
        if (await page.enter({ copyOf: token, watch: [] })) made += 1
      })
      await scene.pause(300)
      return { done: `${made} copies of ${parts} × 800 KB`, acted: 1 + made, keptBytes: parts * 1_600_000 }
    },
  },
  {
    name: 'H2-leavers',
    title: '2,200 tabs that come, look and leave, a part of them after four reloads',
    run: async (scene) => {
      const left = await scene.each(scene.some(2_200, 150), 10, async (at) => {
        const first = await scene.entered(['target'])
        const { cookie, token } = first
        first.close()
        for (let reload = 0; reload < (at % 5 === 0 ? 4 : 0) && scene.on; reload += 1) {
          const page = scene.page(cookie)
          await page.enter({ token, watch: ['target'] })
          page.close()
        }
      })
      return { done: `${left} tabs` }
    },
  },
  {
    name: 'H2-rows',
    title: '100 tabs of a state of 478 KB that come, look and leave',
    run: async (scene) => {
      const left = await scene.each(scene.some(100, 20), 4, async () => {
        const page = await scene.entered(['big'])
        page.close()
      })
      return { done: `${left} tabs` }
    },
  },
  {
    name: 'H2-histories',
    title: '4 pages that are sent megabytes and leave',
    run: async (scene) => {
      for (let page = 0; page < 4 && scene.on; page += 1) {
        const one = await scene.entered(['target'])
        for (let part = 0; part < scene.some(32, 4) && scene.on; part += 1)
          await one.calls('target', 'put', 'same', `${part}`.padEnd(900_000, 'x'))
        one.close()
      }
      return { done: '4 pages', acted: 4, keptBytes: 4 * 1_000_000 }
    },
  },
  {
    name: 'H4-same',
    heldBytes: 30_000_000,
    title: 'one state of 478 KB watched 200 times, in the hello and by message',
    run: async (scene) => {
      const page = scene.page()
      await page.enter({ watch: Array.from({ length: 200 }, () => 'big') })
      const welcomed = page.last('w')?.bytes ?? 0
      for (let id = 1; id <= 200; id += 1) page.emit('watch', 0, id, 'big')
      await page.until(() => false, 500)
      page.emit('resync', 0)
      await page.until(() => false, 500)
      const most = Math.max(...page.came.map(({ bytes }) => bytes))
      return {
        done: `the longest message had ${(most / 1e6).toFixed(1)} MB`,
        faults: Math.max(most, welcomed) > 2_000_000 ? [`a message of ${(most / 1e6).toFixed(1)} MB`] : [],
      }
    },
  },
  {
    name: 'H4-different',
    title: '1,003 different ids of states, in the hello and by message',
    run: async (scene) => {
      // a hello with so many ends its connection; the messages are of another page, which is answered
      const named = scene.page()
      await named.enter({ watch: Array.from({ length: 1_000 }, (_, at) => `state${at}`) })
      const page = await scene.entered()
      for (let id = 1; id <= 1_003; id += 1) page.emit('watch', 0, id, `other${id}`)
      const answered = await page.settled(1_003, 3_000)
      return { done: '2,003 watches', faults: answered ? [] : ['the last watch got no answer'] }
    },
  },
  {
    name: 'X-same-page',
    title: 'one page that connects 500 times at once with its token, and takes over from itself',
    run: async (scene: Scene) => {
      const page = hex32()
      const first = scene.page()
      await first.enter({ page, watch: ['target'] })
      const { cookie, token } = first
      const made = await scene.each(scene.some(500, 60), 20, async () => {
        const other = scene.page(cookie)
        await other.enter({ page, token, lastSeq: 1, watch: ['target'] })
      })
      return { done: `${made} connections` }
    },
  },
]
