'use client'
import { useServerState } from 'heldstate/react'
import { useId } from 'react'
import { Failure, useAttempt } from '../attempt'
import { HeldField } from '../held-field'
import { counter } from './counter.state'
import { simpleCounter } from './simple-counter.state'

/** Start and stop set a flag, which the task looks at under the lock. */
export function HandKeptCounter() {
  const c = useServerState(counter)
  return <Counter title="Bookkeeping by hand" of={c} task={c.count} running={c.running} startOrStop={c.toggle} />
}

/** Start and stop are the task's own. */
export function SimpleCounter() {
  const c = useServerState(simpleCounter)
  const running = c.count.running > 0
  return (
    <Counter
      title="Without bookkeeping"
      of={c}
      task={c.count}
      running={running}
      startOrStop={() => (running ? c.count.cancel() : c.count.start())}
    />
  )
}

interface Props {
  readonly title: string
  readonly of: {
    readonly counter: number
    readonly maxCounter: number
    readonly percent: number
    readonly reset: () => Promise<void>
    readonly setMax: (max: string) => Promise<void>
  }
  readonly task: { readonly running: number; readonly error: { readonly message: string } | null }
  readonly running: boolean
  readonly startOrStop: () => Promise<void>
}

function Counter({ title, of: c, task, running, startOrStop }: Props) {
  const id = useId()
  const { failure, attempt } = useAttempt()
  return (
    <section className="card" aria-labelledby={id}>
      <p className="kicker" id={id}>
        {title}
      </p>
      <h2 className="count">
        {c.counter} / {c.maxCounter}
      </h2>
      <progress aria-label={`${title}: counted so far`} max={100} value={c.percent} />
      <HeldField label="Max" type="number" held={String(c.maxCounter)} send={c.setMax} />
      <div className="row">
        <button type="button" className="main" onClick={() => attempt(startOrStop)}>
          {running ? 'Stop' : 'Start'}
        </button>
        <button type="button" onClick={() => attempt(c.reset)}>
          Reset
        </button>
      </div>
      <Failure>{failure ?? task.error?.message}</Failure>
      <p className="aside">tasks running: {task.running}</p>
    </section>
  )
}
