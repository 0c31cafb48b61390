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
export function exampleFiles({
  appFolder,
  typescript,
  isolated,
}: Pick<Project, keyof Place | 'isolated'>): readonly NewFile[] {
  const files = [
    { path: `${appFolder}/counter.state.${typescript ? 'ts' : 'js'}`, text: state },
    { path: `${appFolder}/counter/counter.${typescript ? 'tsx' : 'js'}`, text: component },
    { path: `${appFolder}/counter/page.${typescript ? 'tsx' : 'js'}`, text: page },
  ]
  return isolated ? files.map(({ path, text }) => ({ path, text: withTypes(text) })) : files
}

const state = `// runs on the server only; each browser tab has its own instance
import { defineState } from 'heldstate'

export const counter = defineState('counter', () => ({ counter: 0, max: 100 }))
  .tasks((background) => ({
    count: background({ concurrency: 'single', durable: true }, async ({ update, sleep }) => {
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
import { ConnectionStatus, useServerState } from 'heldstate/react'
import { counter } from '../counter.state'

export function Counter() {
  const c = useServerState(counter)
  return (
    <main style={{ margin: '4rem auto', textAlign: 'center', fontFamily: 'system-ui, sans-serif' }}>
      <h1 style={{ margin: '0 0 1.5rem', fontSize: '3rem', fontWeight: 600 }}>
        {c.counter} / {c.max}
      </h1>
      <button style={button} onClick={() => (c.count.running ? c.count.cancel() : c.count.start())}>
        {c.count.running ? 'Stop' : 'Start'}
      </button>
      <button style={button} onClick={c.reset}>
        Reset
      </button>
      <ConnectionStatus />
    </main>
  )
}

// looks the same with Tailwind, which takes the look of buttons away, and without
const button = {
  margin: '0 0.25rem',
  padding: '0.5rem 1.25rem',
  border: '1px solid',
  borderRadius: '0.5rem',
  background: 'none',
  color: 'inherit',
  font: 'inherit',
  cursor: 'pointer',
}
`

const page = `import { HeldStateProvider } from 'heldstate/provider'
import { Suspense } from 'react'
import { Counter } from './counter'

// with the provider, the HTML of a reloaded page has the values of its tab
export default function Page() {
  return (
    <HeldStateProvider>
      <Suspense>
        <Counter />
      </Suspense>
    </HeldStateProvider>
  )
}
`

/** As `isolatedDeclarations` asks for it. */
function withTypes(text: string): string {
  const written = text
    .replace(
      'import { defineState }',
      'import { type Definition, defineState, type EventDeclaration, type TaskDeclaration }',
    )
    .replace('counter = defineState(', `counter: ${typeOfState} = defineState(`)
    .replace(/(?<=function \w+\(\))(?= \{)/, ': ReactNode')
  if (!written.includes('ReactNode')) return written
  if (written.includes('import { Suspense }')) return written.replace('{ Suspense }', '{ type ReactNode, Suspense }')
  return written.replace(/(?<=heldstate\/react'\n)/, "import type { ReactNode } from 'react'\n")
}

const typeOfState = `Definition<{
  public: { counter: number; max: number }
  private: object
  computed: object
  events: { reset: EventDeclaration<[]> }
  tasks: { count: TaskDeclaration<[]> }
}>`
