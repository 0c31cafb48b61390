import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluateStateModule } from './evaluate.js'
import { stubText } from './stub-text.js'

/** A folder with files; gives the path of the state module. */
function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'heldstate-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return join(root, 'counter.state.ts')
}

const source = `
import { defineState } from 'heldstate'
const start = 3
export const limit = 99
export const counter = defineState('counter', () => ({ counter: start, list: [] as number[] }))
  .private(() => ({ secret: 'marker-private' }))
  .computed({ double: (s) => s.counter * 2 })
  .tasks((background) => ({
    count: background(async (self) => { await using held = await self.lock(); held.state.secret = 'marker-task' }),
  }))
  .events((on, { count }) => ({ go: on((s) => { s.secret = 'marker-handler'; return count() }) }))
`

describe('a state module in the loader', () => {
  it('gives names and first values, computed ones too', () => {
    const { manifests } = evaluateStateModule(project({}), source)
    expect(manifests).toEqual({
      counter: { id: 'counter', defaults: { counter: 3, list: [], double: 6 }, events: ['go'], tasks: ['count'] },
    })
  })

  it('leaves no text of handlers, private fields and other exports in its stub', () => {
    const text = stubText(evaluateStateModule(project({}), source).manifests)
    expect(text).not.toMatch(/marker|secret|limit/)
    expect(text).toContain(`import { stub } from 'heldstate/stub'`)
    expect(text).toContain('export const counter = stub(')
  })

  it('runs a module that gives first values, and never one that only handlers use', () => {
    const file = project({
      'start.ts': 'export const start = 7',
      'db.ts': `throw new Error('a database was opened')`,
    })
    const text = `
      import { defineState } from 'heldstate'
      import { start } from './start'
      import { db } from './db'
      export default defineState('a', () => ({ start })).events((on) => ({ save: on(() => { db.save() }) }))
    `
    expect(evaluateStateModule(file, text).manifests).toEqual({
      default: { id: 'a', defaults: { start: 7 }, events: ['save'], tasks: [] },
    })
  })

  it('names the file and the cause when it cannot be run', () => {
    const file = project({})
    const text = `import { defineState } from 'heldstate'\nexport const a = defineState('9', () => ({}))`
    expect(() => evaluateStateModule(file, text)).toThrow(/counter\.state\.ts cannot be used: defineState\("9"/)
    expect(() => evaluateStateModule(file, 'export const = 1')).toThrow(/cannot be used/)
  })

  it('takes another state module as something to make triggers of', () => {
    const text = `
      import { defineState } from 'heldstate'
      import { other } from './other.state'
      export const a = defineState('a', () => ({ n: 0 })).events((on) => ({ go: on(() => other.triggers.go(1)) }))
    `
    expect(evaluateStateModule(project({}), text).manifests.a?.events).toEqual(['go'])
  })
})
