// @vitest-environment happy-dom
/** Whether a start or a cancel of a task is under way, for its buttons. */
import { memo } from 'react'
import { afterEach, expect, it } from 'vitest'
import { type ClientView, defineState } from '../doors/authors.js'
import { useServerState } from '../doors/react.js'
import { openPage } from './page.fixture.js'

const d = defineState('d', () => ({ n: 0 })).tasks((background) => ({
  work: background({ concurrency: 'single' }, async ({ sleep }, _name?: string) => sleep(60_000)),
  stubborn: background(() => new Promise<void>(() => {})),
}))
type View = ClientView<typeof d>

afterEach(() => document.body.replaceChildren())

async function shown<T>(use: () => T) {
  const seen: T[] = []
  const Probe = () => {
    seen.push(use())
    return null
  }
  const page = openPage([d])
  await page.show(<Probe />)
  await page.live()
  seen.length = 0
  return { ...page, seen, state: () => page.tab.state(d) as View }
}

it('start.pending is true from the click until the page shows the run', async () => {
  let work: View['work'] | undefined
  const { seen, done, tab } = await shown(() => {
    work = useServerState(d).work
    return [work.start.pending, work.running]
  })
  tab.wire.deaf = true
  await done(async () => void work?.start())
  expect(seen.at(-1)).toEqual([true, 0])
  tab.wire.deaf = false
  tab.drop()
  await done(() => tab.reconnect())
  expect(seen.at(-1)).toEqual([false, 1])
  expect(seen).not.toContainEqual([false, 0])
})

it('cancel.pending is true until nothing of it can write any more, and start.pending is not', async () => {
  let stubborn: View['stubborn'] | undefined
  const { seen, done, advance } = await shown(() => {
    stubborn = useServerState(d).stubborn
    return [stubborn.start.pending, stubborn.cancel.pending]
  })
  await done(async () => void stubborn?.start())
  await done(async () => void stubborn?.cancel())
  expect(seen.at(-1)).toEqual([false, true])
  await advance(2_100)
  expect(seen.at(-1)).toEqual([false, false])
})

it('ends with a failure too', async () => {
  let work: View['work'] | undefined
  const { seen, done } = await shown(() => {
    work = useServerState(d).work
    return work.start.pending
  })
  await done(async () => void work?.start('a'))
  await done(async () => void work?.start('b').catch(() => {}))
  expect(seen.slice(-2)).toEqual([true, false])
})

it('is seen by a component that is given the handle alone, also through a selector', async () => {
  const inner: boolean[] = []
  const Button = memo(({ task }: { task: View['work'] }) => {
    inner.push(task.start.pending)
    return null
  })
  let work: View['work'] | undefined
  const Outer = () => {
    work = useServerState(d, (c) => c.work)
    return <Button task={work} />
  }
  const page = openPage([d])
  await page.show(<Outer />)
  await page.live()
  page.tab.wire.deaf = true
  await page.done(async () => void work?.start())
  expect(inner.at(-1)).toBe(true)
  page.tab.wire.deaf = false
  page.tab.drop()
  await page.done(() => page.tab.reconnect())
  expect(inner.at(-1)).toBe(false)
})

it('renders nothing again for a component that does not read it', async () => {
  let work: View['work'] | undefined
  const { seen, done, tab } = await shown(() => {
    work = useServerState(d).work
    return work.running
  })
  tab.wire.deaf = true
  await done(async () => void work?.start())
  expect(seen).toEqual([])
})
