import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../../base/encode.js'
import { evaluateStateModule } from './evaluate.js'

let root: string

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'heldstate-evaluate-')))
  mkdirSync(join(root, 'node_modules'))
  for (const name of ['zod', 'valibot', 'arktype'])
    symlinkSync(
      fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url)),
      join(root, 'node_modules', name),
    )
  write('tsconfig.json', JSON.stringify({ compilerOptions: { paths: { '@/*': ['./*'], 'lib/*': ['./library/*'] } } }))
})

afterAll(() => rmSync(root, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(root, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

const counter = (init: string, chain = '') =>
  `import { defineState } from 'heldstate'\nexport const counter = defineState('counter', () => (${init}))${chain}\n`

function evaluate(source: string, name = 'app/counter.state.ts') {
  const loaded: string[] = []
  const parts = evaluateStateModule(write(name, source), source, (file) => loaded.push(file.slice(root.length + 1)))
  const manifests = Object.fromEntries(Object.entries(parts.own).map(([name, { manifest }]) => [name, manifest]))
  return { manifests, loaded, defaults: decode(manifests.counter?.defaults) }
}

describe('a manifest', () => {
  test('names events and tasks, and holds first values of public fields and of what is computed from private ones', () => {
    const { manifests } = evaluate(
      counter(
        '{ n: 2 }',
        `.private(() => ({ secret: 3 }))
         .computed({ sum: (s) => s.n + s.secret })
         .tasks((background) => ({ count: background(async (self) => { await using held = await self.lock() }) }))
         .events((on, { count }) => ({ go: on((s: { n: number }) => count()) }))`,
      ),
    )
    expect(manifests).toEqual({
      counter: { id: 'counter', defaults: { n: 2, sum: 5 }, events: ['go'], tasks: ['count'] },
    })
  })

  test('is made for each exported definition, the default one too, and for nothing else', () => {
    const { manifests } = evaluate(
      `import { defineState } from 'heldstate'
       const make = (id: string) => defineState(id, () => ({}))
       export const a = make('a')
       export default make('b')
       export const rate = 3
       export function helper() {}
       const hidden = make('c')`,
    )
    expect(Object.entries(manifests).map(([name, { id }]) => [name, id])).toEqual([
      ['a', 'a'],
      ['default', 'b'],
    ])
  })

  test('carries values that JSON has no word for', () => {
    const { defaults } = evaluate(counter('{ tags: new Set(["a"]), at: new Date(0), none: undefined }'))
    expect(defaults).toEqual({ tags: new Set(['a']), at: new Date(0), none: undefined })
  })
})

describe('time and chance', () => {
  const source = `import nodeCrypto, { randomUUID } from 'node:crypto'
    import { drawn } from './drawn'
    ${counter(`{
      at: new Date(), now: Date.now(), number: Math.random(), other: Math.random(), drawn: drawn(), floor: Math.floor(1.5),
      ids: [crypto.randomUUID(), randomUUID(), nodeCrypto.randomUUID()], hash: nodeCrypto.createHash('md5').update('a').digest('hex'),
      array: [...crypto.getRandomValues(new Uint8Array(4))], given: new Date(7), year: Date.UTC(1970, 0),
    }`)}`

  test('are the same in each evaluation of one text, so that server and browser agree', () => {
    write('app/drawn.ts', 'export const drawn = () => Math.random()')
    const { defaults } = evaluate(source)
    const again = evaluateStateModule(join(root, 'app/counter.state.ts'), source).own.counter?.manifest.defaults
    expect(again).toBeDefined()
    expect(decode(again)).toEqual(defaults)
  })

  test('are drawn anew for each value, and what was given stays', () => {
    const values = evaluate(source).defaults as Record<string, unknown> & { ids: string[]; at: Date }
    expect(new Set([...values.ids, values.number, values.other, values.drawn]).size).toBe(6)
    expect(values.ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(values).toMatchObject({ floor: 1, given: new Date(7), year: 0, hash: '0cc175b9c0f1b6a831c399e269772661' })
    expect(values.at.getTime()).toBe(values.now)
  })

  test('a module may have names of its own for what it is given', () => {
    const own = `const crypto = 1, Date = 2, Math = 3\n${counter('{ sum: crypto + Date + Math }')}`
    expect(evaluate(own).defaults).toEqual({ sum: 6 })
  })
})

describe('imports', () => {
  test('a schema of zod, as a named, default or namespace import', () => {
    for (const clause of ['{ z }', 'z', '* as z']) {
      const source = `import ${clause} from 'zod'\n${counter('{}', '.events((on) => ({ set: on(z.object({ n: z.number() }), () => {}) }))')}`
      expect(evaluate(source).manifests.counter?.events).toEqual(['set'])
    }
  })

  test.each([
    ['valibot', `import * as v from 'valibot'`, 'v.pipe(v.number(), v.minValue(0))'],
    ['arktype', `import { type } from 'arktype'`, `type('number > 0')`],
  ])('a schema of %s', (_, line, schema) => {
    const source = `${line}\n${counter('{}', `.events((on) => ({ set: on(${schema}, () => {}) }))`)}`
    expect(evaluate(source).manifests.counter?.events).toEqual(['set'])
  })

  test('constants of another file, named and default, and the files that were run are reported', () => {
    write(
      'app/limits.ts',
      `import { start } from './start'\nexport const limits = { start, max: 10 as const }\nexport default 7`,
    )
    write('app/start.ts', 'export const start: number = 4')
    const { defaults, loaded } = evaluate(
      `import seven, { limits } from './limits'\n${counter('{ ...limits, seven }')}`,
    )
    expect(defaults).toEqual({ start: 4, max: 10, seven: 7 })
    expect(loaded.sort()).toEqual(['app/limits.ts', 'app/start.ts'])
  })

  test('aliases of tsconfig, also those that look like packages', () => {
    write('library/limits.ts', 'export const max = 11')
    expect(evaluate(`import { max } from '@/library/limits'\n${counter('{ max }')}`).defaults).toEqual({ max: 11 })
    expect(evaluate(`import { max } from 'lib/limits'\n${counter('{ max }')}`)).toMatchObject({
      defaults: { max: 11 },
      loaded: ['library/limits.ts'],
    })
  })

  test('a database that only handlers use is never loaded, neither directly nor behind another file', () => {
    write('node_modules/database/package.json', '{ "name": "database", "main": "index.js" }')
    write('node_modules/database/index.js', 'throw new Error("opened")')
    write(
      'app/data.ts',
      `import { open } from 'database'\nexport const size = 5\nexport const rows = () => open().rows`,
    )
    const { defaults } = evaluate(
      `import { open } from 'database'\nimport { rows, size } from './data'\n${counter(
        '{ size }',
        '.events((on) => ({ load: on(() => { open(); rows() }) }))',
      )}`,
    )
    expect(defaults).toEqual({ size: 5 })
  })

  test('a package that is only an ES module', () => {
    write(
      'node_modules/modern/package.json',
      '{ "name": "modern", "type": "module", "exports": { "import": "./index.js" } }',
    )
    write('node_modules/modern/index.js', 'export const max = 12\nexport default () => 13')
    const { defaults, loaded } = evaluate(
      `import thirteen, { max } from 'modern'\n${counter('{ max, n: thirteen() }')}`,
    )
    expect(defaults).toEqual({ max: 12, n: 13 })
    expect(loaded).toEqual([])
    write('app/through.ts', `export * from 'modern'\nexport * from 'no-such-package'\nexport const n = 14`)
    expect(evaluate(`import { n } from './through'\n${counter('{ n }')}`).defaults).toEqual({ n: 14 })
  })

  test('a CommonJS package whose export is a function or a class', () => {
    write('node_modules/old/package.json', '{ "name": "old", "main": "index.js" }')
    write('node_modules/old/index.js', 'module.exports = function (n) { this.n = n; return n }\nmodule.exports.two = 2')
    const plain = `import old from 'old'\n${counter('{ n: old(1), two: old.two, made: new old(3).n }')}`
    expect(evaluate(plain).defaults).toEqual({ n: 1, two: 2, made: 3 })
    write('module/package.json', '{ "type": "module" }')
    write('module/through.ts', `import old from 'old'\nexport const one = old(1)\nexport const two = old.two`)
    const through = `import { one, two } from './through'\n${counter('{ one, two }')}`
    expect(evaluate(through, 'module/counter.state.ts').defaults).toEqual({ one: 1, two: 2 })
  })

  test('other state modules are references, so that cycles are harmless', () => {
    write('app/other.state.ts', 'throw new Error("run")')
    write('app/near.ts', `export { other } from './other.state'\nexport const n = 1`)
    const { manifests, loaded } = evaluate(
      `import { other } from './other.state'\nimport { n } from './near'\n${counter(
        '{ n }',
        '.events((on) => ({ go: on(() => other.triggers.run(1)) }))',
      )}const made = other.triggers.run(1)`,
    )
    expect(manifests.counter?.events).toEqual(['go'])
    expect(loaded).toEqual(['app/near.ts'])
  })

  test('a file that is exported whole is looked into, and its definitions are those of the module', () => {
    write('app/definitions.ts', counter('{ n: 3 }'))
    const { manifests, loaded } = evaluate(`export * from './definitions'`, 'app/all.state.ts')
    expect(manifests.counter).toMatchObject({ id: 'counter', defaults: { n: 3 } })
    expect(loaded).toEqual(['app/definitions.ts'])
  })

  test('another state module by its default export, beside named ones', () => {
    const source = `import other, { third } from './other.state'
      ${counter('{ n: 1 }')}const made = [other.triggers.run(1), third.triggers.run(1)]`
    expect(evaluate(source).defaults).toEqual({ n: 1 })
  })

  test('server-only may be imported', () => {
    expect(evaluate(`import 'server-only'\n${counter('{ n: 1 }')}`).defaults).toEqual({ n: 1 })
  })

  test('what cannot be loaded is inert while only handlers depend on it', () => {
    write(
      'app/env.ts',
      'if (!process.env.HELDSTATE_NO_SUCH) throw new Error("HELDSTATE_NO_SUCH is missing")\nexport const env = { url: "" }',
    )
    const source = `import { env } from './env'\nimport { connect } from 'no-such-package'\nconst db = connect(env.url).table('rows')\n${counter(
      '{ n: 1 }',
      '.events((on) => ({ load: on(async () => { await db.all() }) }))',
    )}`
    expect(evaluate(source).defaults).toEqual({ n: 1 })
  })
})

describe('states that a module has from others through files between them', () => {
  const again = (source: string) => {
    const { others, whole } = evaluateStateModule(write('app/all.state.ts', source), source)
    return {
      whole,
      others: Object.entries(others)
        .map(([name, other]) => `${other.name} as ${name} of ${other.from}`)
        .sort(),
    }
  }

  test('are led to where they come from, however many files lie between', () => {
    write('app/shop/index.ts', `export * from './deeper'\nexport const unrelated = 1`)
    write('app/shop/deeper/index.ts', `export * from '../cart.state'\nexport { users as people } from '@/users.state'`)
    expect(again(`export * from './shop'`)).toEqual({
      whole: ['./shop/cart.state'],
      others: ['users as people of @/users.state'],
    })
  })

  test('are led there where the file is named by an alias, lies above, or passes a name on', () => {
    write('app/above.ts', `import { a } from './a.state'\nexport { a, a as b }\nexport { default } from './c.state'`)
    expect(again(`export { a as c, b, default as d } from '@/app/above'`)).toEqual({
      whole: [],
      others: ['a as b of ./a.state', 'a as c of ./a.state', 'default as d of ./c.state'],
    })
    write('near.ts', `export * from './app/cart.state'\nexport * from './rooms.state'`)
    expect(again(`export * from '../near'`)).toEqual({ whole: ['./cart.state', '../rooms.state'], others: [] })
  })

  test('are led there from files of several folders that name them alike', () => {
    write('app/one/index.ts', `export * from './cart.state'\nexport { tea } from './drinks.state'`)
    write('app/two/index.ts', `export * from './cart.state'\nexport { juice } from './drinks.state'`)
    write('app/between.ts', `export * from './one'\nexport * from './two'`)
    expect(again(`export * from './between'`)).toEqual({
      whole: ['./one/cart.state', './two/cart.state'],
      others: ['juice as juice of ./two/drinks.state', 'tea as tea of ./one/drinks.state'],
    })
  })

  test('are found by name in what a file exports whole', () => {
    write('app/deep.ts', `export * from './cart.state'`)
    write('app/between.ts', `export * from './deep'\nexport { cart as basket } from './deep'`)
    expect(again(`export { cart, basket } from './between'`).others).toEqual([
      'cart as basket of ./cart.state',
      'cart as cart of ./cart.state',
    ])
  })

  test('are not taken along from files that are only used', () => {
    write('app/used.ts', `export * from './cart.state'\nexport const n = 4`)
    write('app/user.ts', `import { n } from './used'\nexport const twice = n * 2`)
    expect(again(`export * from './user'\nexport { n } from './used'`)).toEqual({ whole: [], others: [] })
  })

  test('are led through a package of the workspace, whose sources are compiled', () => {
    write('packages/states/package.json', '{ "name": "@repo/states", "exports": { ".": "./index.ts" } }')
    write('packages/states/index.ts', `export * from './cart.state'\nexport const max: number = 3`)
    mkdirSync(join(root, 'node_modules/@repo'))
    symlinkSync(join(root, 'packages/states'), join(root, 'node_modules/@repo/states'))
    expect(again(`export * from '@repo/states'`)).toEqual({ whole: ['../packages/states/cart.state'], others: [] })
    const { defaults, loaded } = evaluate(`import { max } from '@repo/states'\n${counter('{ max }')}`)
    expect([defaults, loaded]).toEqual([{ max: 3 }, ['packages/states/index.ts']])
    write('app/beyond.ts', `export * from '@repo/states'`)
    expect(again(`export * from './beyond'`).whole).toEqual(['../packages/states/cart.state'])
    write('packages/states/package.json', '{ "name": "@repo/states", "exports": { ".": { "import": "./index.ts" } } }')
    for (const from of ['@repo/states', './beyond'])
      expect(again(`export * from '${from}'`).whole).toEqual(['../packages/states/cart.state'])
  })

  test('and a name for all of them is refused where its members cannot be led', () => {
    write('app/spaces.ts', `export * from './cart.state'\nexport const n = 1`)
    expect(() => again(`export * as spaces from './spaces'`)).toThrow(
      `It exports "spaces", an object that holds states of other modules. Export them by name, or all of a state module: export * as spaces from './that.state'`,
    )
    expect(again(`export * as spaces from './cart.state'`).others).toEqual(['* as spaces of ./cart.state'])
  })
})

describe('a module that cannot be used', () => {
  const file = () => join(root, 'app/counter.state.ts')

  test('is named with the cause', () => {
    expect(() => evaluate(counter('{ n: missing }'))).toThrow(
      `The state module ${file()} cannot be used: missing is not defined.`,
    )
  })

  test('and with the line of a syntax error', () => {
    expect(() => evaluate(counter('{ n: }'))).toThrow(
      `The state module ${file()} cannot be used: Unexpected "}" (line 2: `,
    )
  })

  test.each([
    ['the module', `const rates = await Promise.resolve(1)\n${counter('{ rates }')}`],
    ['a file of it', `import { rates } from './rates'\n${counter('{ rates }')}`],
    ['a package of it', `import { rates } from 'rates'\n${counter('{ rates }')}`],
    ['a file that it exports whole', `export * from './rates'\n${counter('{ n: 1 }')}`],
  ])('and with what to write in place of an await at the top of %s', (_, source) => {
    const rates = 'export const rates = await Promise.resolve(1)'
    write('app/rates.ts', rates)
    write(
      'node_modules/rates/package.json',
      '{ "name": "rates", "type": "module", "exports": { "import": "./index.js" } }',
    )
    write('node_modules/rates/index.js', rates)
    const run = () => evaluate(source)
    expect(run).toThrow(/uses top-level await.*store the promise.* \(line \d: .*await Promise/)
    expect(run).not.toThrow(/Top-level|cjs/)
  })

  test.each(['private', 'computed', 'version', 'tasks', 'events'])('and with .%s() of a state of another', (stage) => {
    const source = `import { other } from './other.state'\nexport const mine = other.${stage}(() => ({}))`
    expect(() => evaluate(source)).toThrow(
      `It calls .${stage}() of "other", which it imports from another state module`,
    )
  })

  test('and with a state that one of several files has, all of which are exported', () => {
    write('app/both.ts', `export * from './one/cart.state'\nexport * from './two/cart.state'`)
    expect(() => evaluate(`export { cart } from './both'`)).toThrow(
      `It exports "cart", which a file has from one of "./one/cart.state", "./two/cart.state", as it exports all of them. Name it: export { cart } from './that.state'`,
    )
  })

  test('and with a state that a file has by a call of require', () => {
    write('app/called.ts', `module.exports = require('./cart.state')`)
    expect(() => evaluate(`export { cart } from './called'`)).toThrow(
      `It exports "cart", which another file has from "./cart.state". Name that: export { cart } from './that/cart.state'`,
    )
  })

  test('and with imports that failed on the way, which are reported as run', () => {
    write('app/broken.ts', 'export const max = nothing.max')
    const loaded: string[] = []
    const source = `import { max } from './broken'\n${counter('{ max }')}`
    expect(() => evaluateStateModule(file(), source, (name) => loaded.push(name))).toThrow(
      /Possible cause: "\.\/broken" could not be loaded: nothing is not defined\./,
    )
    expect(loaded).toEqual([join(root, 'app/broken.ts')])
  })

  test('says so when a text is made of what could not be loaded', () => {
    expect(() => evaluate(`import { name } from 'no-such-package'\n${counter('{ text: "Hello " + name }')}`)).toThrow(
      /it uses an import that could not be loaded\. Possible cause: "no-such-package" could not be loaded/,
    )
  })

  test('an id that cannot be one is an error of ours with its own words', () => {
    expect(() =>
      evaluate(`import { defineState } from 'heldstate'\nexport const a = defineState('9', () => ({}))`),
    ).toThrow(/cannot be used: defineState\("9", \.\.\.\): an id is/)
  })

  test('a duplicate member is an error of ours with its own words', () => {
    expect(() => evaluate(counter('{ n: 1 }', '.events((on) => ({ n: on(() => {}) }))'))).toThrow(
      /State "counter" has two members named "n"/,
    )
  })
})
