import type { Metadata } from 'next'
import { HandKeptCounter, SimpleCounter } from './counters'
import { ManyCounters, Notes } from './meanwhile'

export const metadata: Metadata = { title: 'Background tasks' }

export default function BackgroundTasks() {
  return (
    <>
      <div className="intro">
        <h1>Background tasks</h1>
        <p>
          Both counters count on the server, twice a second. The first keeps the books itself: a flag in its state,
          which its task looks at. The second leaves that to the library. They know nothing of each other.
        </p>
      </div>
      <div className="pair">
        <HandKeptCounter />
        <SimpleCounter />
      </div>
      <section className="card" aria-labelledby="meanwhile">
        <h2 id="meanwhile">Meanwhile</h2>
        <p>
          Each of the fifty counters takes the lock of this tab’s state for every step. Type, click, and use the
          counters above while they run.
        </p>
        <div className="pair">
          <Notes />
          <ManyCounters />
        </div>
      </section>
    </>
  )
}
