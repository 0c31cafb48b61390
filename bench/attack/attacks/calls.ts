/** Attacks by calls: what they name, how many there are, how large they are, and what they make a handler do. */
import type { RawPage } from '../raw.js'
import type { Attack, Scene } from '../scene.js'

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
]
const fields = ['grid', 'list', 'names', 'map', 'when', 'chunks', 'n']

function pollute(page: RawPage): number {
  let calls = 0
  const call = (member: string, ...args: unknown[]) => {
    page.call('target', member, ...args)
    calls += 1
  }
  for (const name of names) {
    for (const key of ['polluted', ...names]) {
      call('set', name, key, 'yes')
      call('set', '0', key, 'yes')
    }
    call('put', name, { polluted: 'yes' })
    call('root', name, { polluted: 'yes' })
    call('at', name, 'yes')
    for (const field of fields)
      for (const rest of [
        [name, 'polluted'],
        [name, name, 'polluted'],
        [name, 'prototype', 'polluted'],
        [name, name, name, 'polluted'],
      ])
        call('along', [field, ...rest], 'yes')
    call('along', [name, 'polluted'], 'yes')
    call('along', [name, 'prototype', 'polluted'], 'yes')
    for (const field of fields) call('along', [field, name, 'length'], 4_294_967_295)
  }
  return calls
}

/** One page that calls the same again and again, at most `atOnce` messages ahead of what was sent. */
async function flood(scene: Scene, page: RawPage, count: number, message: (id: number) => unknown[], batch = 1) {
  let id = 0
  while (scene.on && id < count && !page.isClosed) {
    if (batch === 1) page.emit(...message((id += 1)))
    else
      page.emit(
        'batch',
        Array.from({ length: batch }, () => message((id += 1))),
      )
    if (page.socket.writableNeedDrain) await Promise.race([page.drained(), scene.pause(1_000)])
    else if (id % 1_000 < batch) await scene.pause(0)
  }
  return id
}

export const calls: readonly Attack[] = [
  {
    name: 'C1-pollution',
    title: 'names of prototypes as keys, rows, indexes and paths',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const made = pollute(page)
      await page.settled(made, 2_000)
      await scene.pause(200)
      return { done: `${made} calls`, acted: 1 }
    },
  },
  {
    name: 'H3-cancels',
    title: '600 starts and 300 cancels in one batch each, three times',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      let id = 0
      for (let round = 0; round < 3 && scene.on; round += 1) {
        page.emit(
          'batch',
          Array.from({ length: 600 }, () => ['call', 0, (id += 1), 'target', 'sleeps', [60_000]]),
        )
        await scene.pause(200)
        page.emit(
          'batch',
          Array.from({ length: 300 }, () => ['cancel', 0, (id += 1), 'target', 'sleeps']),
        )
        await page.until(() => false, 500)
      }
      return { done: `${id} messages`, acted: 1 }
    },
  },
  {
    name: 'X-cancels-of-nothing',
    title: '50,000 cancels of tasks that do not run or exist',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const made = await flood(
        scene,
        page,
        scene.some(50_000, 5_000),
        (id) => ['cancel', 0, id, 'target', id % 2 ? 'sleeps' : '__proto__'],
        100,
      )
      await scene.pause(200)
      return { done: `${made} cancels`, acted: 1 }
    },
  },
  {
    name: 'H5-large-calls',
    heldBytes: 30_000_000,
    title: '500 calls of 950 KB behind a slow one',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      page.call('target', 'slow', scene.scale < 1 ? 3_000 : 10_000)
      const text = 'x'.repeat(950_000)
      const made = await flood(scene, page, scene.some(500, 150), (id) => [
        'call',
        id + 1,
        'target',
        'put',
        ['same', text],
      ])
      await scene.rest()
      return { done: `${made} calls`, acted: 1, keptBytes: 1_000_000 }
    },
  },
  {
    name: 'H5-growth',
    title: 'a state that grows by 0.9 MB a call, 400 times',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      let made = 0
      while (scene.on && made < scene.some(400, 25) && !page.isClosed) {
        await page.calls('target', 'grow', 900_000)
        made += 1
      }
      return { done: `${made} calls`, acted: 1, keptBytes: 10_500_000 }
    },
  },
  {
    name: 'H5-tasks',
    title: '36,000 tasks of one client with 36 tabs of one browser',
    run: async (scene) => {
      const first = await scene.entered(['target'])
      const pages = [first]
      while (pages.length < scene.some(36, 4)) pages.push(await scene.entered(['target'], first.cookie))
      let started = 0
      for (const page of pages) {
        if (!scene.on) break
        for (let part = 0; part < 10; part += 1)
          page.emit(
            'batch',
            Array.from({ length: 100 }, () => ['call', 0, (started += 1), 'target', 'sleeps', [3_000]]),
          )
        await page.until(() => false, 50)
      }
      await scene.rest()
      return { done: `${started} starts`, acted: pages.length }
    },
  },
  {
    name: 'H5-tasks-left',
    title: 'the same by pages that leave at once, each from a browser of its own',
    run: async (scene) => {
      let started = 0
      const pages = await scene.each(scene.some(36, 4), 1, async () => {
        const page = await scene.entered(['target'])
        for (let part = 0; part < 10; part += 1)
          page.emit(
            'batch',
            Array.from({ length: 100 }, () => ['call', 0, (started += 1), 'target', 'sleeps', [3_000]]),
          )
        await page.until(() => false, 50)
        page.close()
      })
      await scene.rest()
      return { done: `${started} starts`, acted: pages }
    },
  },
  {
    name: 'H5-flood',
    title: '100,000 small calls, pipelined in batches of 500 by one page, and one by one by another',
    run: async (scene) => {
      const [one, other] = [await scene.entered(['target']), await scene.entered(['target'])]
      const small = (id: number) => ['call', 0, id, 'target', 'add', [1]]
      const made = await Promise.all([
        flood(scene, one, scene.some(100_000, 10_000), small, 500),
        flood(scene, other, scene.some(100_000, 10_000), small),
      ])
      return { done: `${made.join(' and ')} calls`, acted: 2 }
    },
  },
  {
    name: 'X-disorder',
    title: 'batches of 1,000 with ids that fall, repeat, and stand at the edges',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const edges = [0, 1, 1, 2 ** 53 - 1, 2 ** 53, -1, 0.5, 7, 3]
      let made = 0
      for (let round = 0; round < scene.some(20, 4) && scene.on; round += 1) {
        page.emit(
          'batch',
          Array.from({ length: 1_000 }, (_, at) => ['call', 0, edges[at] ?? 1_000 - at, 'target', 'add', [1]]),
        )
        made += 1_000
        await page.until(() => false, 50)
      }
      return { done: `${made} calls`, acted: 1 }
    },
  },
  {
    name: 'X-values',
    title:
      'values that stand for more than they are: texts of devalue that share, nest and repeat, deep lists, huge names',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const doubling = Array.from({ length: 40 }, (_, at) => `[${at + 3},${at + 3}]`).join(',')
      const nested = `${'['.repeat(2_000)}${']'.repeat(2_000)}`
      const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at])))
      const held = [
        `[[1,2],"v",${doubling},"x"]`,
        `[[1,2],"v",${nested}]`,
        '[[1,2],"v",["Set",2]]',
        '[[1,2],"v",["Map",1,2]]',
        '[[1,2],"v",["Date","no date"]]',
        '[[1,2],"v",["RegExp","(a+)+$",""]]',
        `[[1,2],"v",["BigInt","${'9'.repeat(300_000)}"]]`,
        '[[1,2],"v",{"__proto__":3},4]',
        '[[1,2],"v",["null","__proto__",3],4]',
        '[[1,2],"v",["Array",4294967295]]',
        '[[1,2],"v",["Uint8Array","AAAA"]]',
        '[[1,2],"v",[-7,4294967294,0,1]]',
        nested,
        '[[-7,4294967294,0,1],1]',
      ]
      const texts = [
        ...held.map((text) => JSON.stringify({ $held: text })),
        `["v",${nested}]`,
        `["v",${wide}]`,
        `["v",{"${'n'.repeat(800_000)}":1}]`,
        '["v",{"$held":"[1]"}]',
      ]
      let made = 0
      for (let round = 0; round < scene.some(10, 2) && scene.on; round += 1)
        for (const text of texts) {
          made += 1
          page.text(`42["call",${made},"target","put",${text}]`)
          page.text(`42["call",${(made += 1)},"target","named",${text}]`)
          await page.until(() => false, 10)
        }
      await page.settled(made, 3_000)
      return { done: `${made} calls`, acted: 1, keptBytes: 4_000_000 }
    },
  },
  {
    name: 'X-shared-texts',
    title: '5 calls of 420 KB whose lists name one text 2,000 times: 800 MB, were they written as JSON',
    run: async (scene) => {
      const page = await scene.entered(['plain'])
      const names = Array.from({ length: 2_000 }, () => 2).join(',')
      const args = JSON.stringify({ $held: `[[1],[${names}],"${'x'.repeat(400_000)}"]` })
      for (let id = 1; id <= 5; id += 1) page.text(`42["call",${id},"plain","put",${args}]`)
      await page.settled(5, 3_000)
      const most = Math.max(...page.came.map(({ bytes }) => bytes))
      return {
        done: `the longest answer had ${most} bytes`,
        acted: 1,
        keptBytes: 10_000_000,
        faults: most > 11_000_000 ? [`an answer of ${most} bytes`] : [],
      }
    },
  },
  {
    name: 'H6-echo',
    title: '100 refused calls that echo 900 KB, and then small ones of the same tab',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const made = scene.some(100, 30)
      for (let at = 0; at < made && scene.on && !page.isClosed; at += 1)
        await page.calls('target', 'echo', `${at}`.padEnd(900_000, 'e'))
      const most = Math.max(...page.came.map(({ bytes }) => bytes))
      for (let at = 0; at < 20 && scene.on; at += 1) await page.calls('target', 'add', 1)
      return {
        done: `${made} calls, the longest answer had ${most} bytes`,
        acted: 1,
        faults: most > 10_000 ? [`an answer of ${most} bytes`] : [],
      }
    },
  },
  {
    name: 'H7-never',
    title: '20 tabs with a handler that never ends',
    named: /never/,
    leastMs: 36_000, // an event has 30 s
    run: async (scene) => {
      const pages = await Promise.all(Array.from({ length: scene.some(20, 3) }, () => scene.entered(['target'])))
      for (const page of pages) page.call('target', 'never')
      await scene.rest()
      const answered = pages.filter((page) => page.hasSettled(1)).length
      return {
        done: `${pages.length} tabs`,
        acted: pages.length,
        faults: answered < pages.length ? [`${pages.length - answered} calls were never answered`] : [],
      }
    },
  },
  {
    name: 'H7-spin',
    title: 'a task that updates as long as it can, without a pause',
    run: async (scene) => {
      const page = await scene.entered(['target'])
      page.call('target', 'spins')
      await scene.rest()
      page.emit('cancel', 0, 2, 'target', 'spins')
      await page.settled(2, 3_000)
      return { done: 'one task', acted: 1 }
    },
  },
  {
    name: 'H7-compute',
    title: 'a handler that computes for 5 s',
    holdsThread: true,
    named: /compute/,
    run: async (scene) => {
      const page = await scene.entered(['target'])
      const ms = scene.scale < 1 ? 1_500 : 5_000
      page.call('target', 'compute', ms)
      await page.settled(1, ms + 5_000)
      return { done: `${ms} ms`, acted: 1 }
    },
  },
]
