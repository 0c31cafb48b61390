/** The files that `init` adds: the route, and a counter that shows state, an event and a background task. */
import type { Project } from './project.js'

export interface NewFile {
  readonly path: string
  readonly text: string
}

type Place = Pick<Project, 'appFolder' | 'typescript'>

export const routeFile = ({ appFolder, typescript }: Place): NewFile => ({
  path: `${appFolder}/api/heldstate/route.${typescript ? 'ts' : 'js'}`,
  text: `export { GET } from 'heldstate/next/route'\n`,
})

/** The page is /counter. */
export const exampleFiles = ({ appFolder, typescript }: Place): readonly NewFile[] => [
  { path: `${appFolder}/counter.state.${typescript ? 'ts' : 'js'}`, text: state },
  { path: `${appFolder}/counter/counter.${typescript ? 'tsx' : 'js'}`, text: component },
  { path: `${appFolder}/counter/page.${typescript ? 'tsx' : 'js'}`, text: page },
]

const state = `// runs on the server only; each browser tab has its own instance
import { defineState } from 'heldstate'

export const counter = defineState('counter', () => ({ counter: 0, max: 10 }))
  .tasks((background) => ({
    count: background({ concurrency: 'single' }, async ({ update, sleep }) => {
      while (await update((s) => s.counter < s.max && ++s.counter)) await sleep(500)
    }),
  }))
  .events((on) => ({
    reset: on((s) => {
      s.counter = 0
    }),
  }))
`

const component = `'use client'
import { useServerState } from 'heldstate/react'
import { counter } from '../counter.state'

export function Counter() {
  const c = useServerState(counter)
  return (
    <main>
      <h1>
        {c.counter} / {c.max}
      </h1>
      <button onClick={() => (c.count.running ? c.count.cancel() : c.count.start())}>
        {c.count.running ? 'Stop' : 'Start'}
      </button>
      <button onClick={c.reset}>Reset</button>
    </main>
  )
}
`

const page = `import { Counter } from './counter'

export default function Page() {
  return <Counter />
}
`
