'use client'
import { useServerState } from 'heldstate/react'
import { useId } from 'react'
import { Failure, useAttempt } from '../attempt'
import { HeldField } from '../held-field'
import { blockCounter } from './block-counter.state'
import { type Course, CourseOf } from './course'
import { functionCounter } from './function-counter.state'

/** `await using held = await self.lock()` */
export function BlockCounter() {
  const c = useServerState(blockCounter)
  return <Counter title="A block under the lock" of={c} />
}

/** `await self.update((s) => …)` */
export function FunctionCounter() {
  const c = useServerState(functionCounter)
  return <Counter title="A function under the lock" of={c} />
}

interface Props {
  readonly title: string
  readonly of: {
    readonly counter: number
    readonly maxCounter: number
    readonly percent: number
    readonly course: Course | null
    readonly count: {
      readonly running: number
      readonly error: { readonly message: string } | null
      readonly start: () => Promise<unknown>
      readonly cancel: () => Promise<void>
    }
    readonly reset: () => Promise<void>
    readonly setMax: (max: string) => Promise<void>
  }
}

function Counter({ title, of: c }: Props) {
  const id = useId()
  const { failure, attempt } = useAttempt()
  const { count } = c
  const running = count.running > 0
  return (
    <section className="card" aria-labelledby={id}>
      <h2 className="kicker" id={id}>
        {title}
      </h2>
      {/* read when somebody comes to it, and not twice a second */}
      <output className="count" aria-live="off">
        <bdi dir="ltr">
          {c.counter} / {c.maxCounter}
        </bdi>
      </output>
      <progress aria-label={`${title}: counted so far`} max={100} value={c.percent} />
      <CourseOf course={c.course} />
      <HeldField label="Max" type="number" held={String(c.maxCounter)} send={c.setMax} />
      <div className="row">
        <button
          type="button"
          className="main"
          aria-describedby={id}
          onClick={() => attempt(running ? count.cancel : count.start)}
        >
          {running ? 'Stop' : 'Start'}
        </button>
        <button type="button" aria-describedby={id} onClick={() => attempt(c.reset)}>
          Reset
        </button>
      </div>
      <Failure>{failure ?? count.error?.message}</Failure>
      <p className="aside">tasks running: {count.running}</p>
    </section>
  )
}
