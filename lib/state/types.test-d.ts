/**
 * What must not compile, each with its reason, and what must. Checked by `tsc -p lib/tsconfig.test.json` under TypeScript
 * 7 and 5.9; nothing of it runs.
 */
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import {
  type ArgsOf,
  type ClientView,
  type Definition,
  defineState,
  type StateOf,
  type Trigger,
  type ViewOf,
} from '../doors/authors.js'
import { createHub } from '../doors/server.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(proof: Same<A, B>): void
declare function view<D extends Definition>(definition: D): ClientView<D>

const other = defineState('other', () => ({ words: [] as string[] })).events((on) => ({
  say: on((s, word: string) => {
    s.words.push(word)
  }),
}))

const d = defineState('d', () => ({
  n: 0,
  list: [{ deep: { n: 0 } }],
  map: new Map<string, { n: number }>(),
  set: new Set<number>(),
  at: new Date(),
}))
  .private(() => ({ secret: 'x' }))
  .computed({ double: (s) => s.n * 2 })
  .computed({ quadruple: (s) => s.double * 2 })
  .tasks((background) => ({
    count: background(async (self) => {
      // @ts-expect-error self.state is read-only
      self.state.n = 1
      const [first] = self.state.list
      // @ts-expect-error so is what lies in it, however it was reached
      if (first) first.deep.n = 1
      // @ts-expect-error an element cannot be replaced
      self.state.list[0] = { deep: { n: 1 } }
      // @ts-expect-error lists have no mutators
      self.state.list.push({ deep: { n: 1 } })
      // @ts-expect-error nor do Maps
      self.state.map.set('a', { n: 1 })
      const found = self.state.map.get('a')
      // @ts-expect-error and what is in them is read-only as well
      if (found) found.n = 1
      // @ts-expect-error nor do Sets
      self.state.set.add(1)
      // @ts-expect-error computed values cannot be written
      self.state.double = 1
      // @ts-expect-error self.state is no property to replace
      self.state = {}
      // @ts-expect-error an unknown field
      void self.state.nope
      // @ts-expect-error the state of another definition is read-only here too
      self.get(other).words.push('x')

      same<typeof self.state.secret, string>(true)
      same<typeof self.state.double, number>(true)
      same<typeof self.state.quadruple, number>(true)

      const counted = await self.update((s) => ++s.n)
      same<typeof counted, number>(true)
      const waited = await self.update(async (s) => (s.n > 3 ? 'many' : undefined))
      same<typeof waited, 'many' | undefined>(true)
      const nothing = await self.update((s) => {
        s.secret = 'y'
      })
      same<typeof nothing, void>(true)
      // @ts-expect-error the draft has the types of the fields
      await self.update((s) => (s.n = 'text'))
      // @ts-expect-error a computed value is no field of the draft
      await self.update((s) => s.double)

      await using held = await self.lock()
      held.state.n += 1
      held.state.list.push({ deep: { n: 1 } })
      held.get(other).words.push('x')
      // @ts-expect-error the draft has the types of the fields
      held.state.secret = 5
      // @ts-expect-error a fraction is a number
      self.progress('half')
      // @ts-expect-error the signal is handed out, not replaced
      self.signal = new AbortController().signal
    }),
    fetchPage: background(async (_self, url: string, retries: number) => void [url, retries]),
    typed: background(
      { input: z.object({ page: z.coerce.number<string>() }), concurrency: 'single' },
      async (_self, { page }) => {
        same<typeof page, number>(true)
      },
    ),
    optioned: background({ concurrency: 'single' }, async (_self, flag: boolean) => void flag),
  }))
  .events((on, { count, fetchPage, typed, optioned }) => ({
    plain: on((s) => {
      s.n += 1
    }),
    add: on((s, by: number, note?: string) => {
      s.n += by + (note?.length ?? 0)
    }),
    zod: on(z.coerce.number<string>().int(), (s, n) => {
      same<typeof n, number>(true)
      s.n = n
    }),
    offline: on({ whenOffline: 'reject' }, (s, by: number) => {
      s.n += by
    }),
    offlineInput: on({ input: z.coerce.number<string>(), whenOffline: 'queue' }, (s, by) => {
      s.n += by
    }),
    optional: on(z.string().default('x'), (s, text) => {
      same<typeof text, string>(true)
      s.secret = text
    }),
    valibot: on(
      v.pipe(
        v.string(),
        v.transform((text) => text.length),
      ),
      (_s, length) => {
        same<typeof length, number>(true)
      },
    ),
    arktype: on(type('string.numeric.parse'), (_s, n) => {
      same<typeof n, number>(true)
    }),
    starts: on((s) => {
      if (s.n > 1) return [count(), other.triggers.say('x')]
      if (s.n > 2) return fetchPage('/', 1)
      return
    }),
    steps: on(function* (s) {
      s.n += 1
      yield
      yield count()
      yield [count(), optioned(true)]
      return typed({ page: '1' })
    }),
    waits: on(async function* (s) {
      s.n += 1
      yield
      yield count()
    }),
    context: on(function (s) {
      same<typeof this.token, string>(true)
      this.get(other).words.push(s.secret)
      // @ts-expect-error the draft of another state has its own fields
      void this.get(other).n
    }),
    // @ts-expect-error an event returns triggers, nothing else
    returnsNumber: on(() => 5),
    // @ts-expect-error the trigger of a task has the arguments of the task
    wrongTrigger: on(() => fetchPage(1)),
    // @ts-expect-error and none may be missing
    missingTrigger: on(() => fetchPage('/')),
    // @ts-expect-error the trigger of a member with a schema takes what goes into the schema
    wrongInput: on(() => typed({ page: 1 })),
    // @ts-expect-error triggers of another definition have types too
    foreign: on(() => other.triggers.say(5)),
    // @ts-expect-error the handler gets what comes out of the schema
    wrongOutput: on(z.coerce.number<string>(), (s, n: string) => void (s.secret = n)),
    // @ts-expect-error fields have their types
    wrongField: on((s) => void (s.n = 'x')),
    // @ts-expect-error a computed value is read by tasks and tabs, the draft has none
    computedInDraft: on((s) => void s.double),
  }))
  .events((on, { plain, count }) => ({
    again: on(() => [plain(), count()]),
  }))

defineState('e', () => ({ n: 0 }))
  // @ts-expect-error what a computed value reads is read-only
  .computed({ bad: (s) => (s.n = 1) })
defineState('e', () => ({ n: 0 })).tasks((background) => ({
  queued: background({ concurrency: 'queue' }, async () => {}),
  restarted: background({ concurrency: 'single', again: 'restart' }, async () => {}),
  // @ts-expect-error there is no such answer to a second start
  y: background({ concurrency: 'single', again: 'never' }, async () => {}),
  // @ts-expect-error there is no such concurrency
  x: background({ concurrency: 'two' }, async () => {}),
}))
defineState('e', () => ({ n: 0 })).events((on, triggers) => ({
  // @ts-expect-error a stage has no triggers of its own members
  x: on(() => triggers.x()),
}))
// @ts-expect-error events are made with on(...)
defineState('e', () => ({ n: 0 })).events(() => ({ x: () => {} }))
defineState('e', () => ({ n: 0 })).tasks((background) => {
  const work = background(async () => {})
  // @ts-expect-error a declaration is no function: a trigger starts a task
  work()
  return { work }
})

const c = view(d)
same<typeof c.n, number>(true)
same<typeof c.double, number>(true)
same<ReturnType<typeof c.add>, Promise<void>>(true)
same<typeof c.count.running, number>(true)
void c.plain()
void c.add(1)
void c.add(1, 'note')
void c.zod('5')
void c.optional()
void c.optional('x')
void c.valibot('x')
void c.fetchPage.start('/', 3)
void c.typed.start({ page: '1' })
void c.count.cancel()
// @ts-expect-error private fields are not part of the tab
void c.secret
// @ts-expect-error an unknown event
void c.nope
// @ts-expect-error a wrong argument
void c.add('x')
// @ts-expect-error a missing argument
void c.add()
// @ts-expect-error one argument too many
void c.plain(1, 2)
// @ts-expect-error the tab gives what goes into the schema, not what comes out of it
void c.zod(5)
// @ts-expect-error and not nothing, where the schema needs something
void c.zod()
// @ts-expect-error a task is started through its handle
void c.count()
// @ts-expect-error with the arguments of the task
void c.fetchPage.start('/')
// @ts-expect-error an event is no task
void c.add.start(1)
// @ts-expect-error what a tab shows is read-only
c.n = 1
const [row] = c.list
// @ts-expect-error however deep
if (row) row.deep.n = 1
// @ts-expect-error lists have no mutators
c.list.push({ deep: { n: 1 } })

same<ArgsOf<never>, never>(true)
same<ReturnType<typeof d.triggers.count>, Trigger>(true)
// @ts-expect-error triggers have the arguments of their members
d.triggers.add('x')
same<StateOf<typeof d>['secret'], string>(true)
same<ViewOf<typeof d>['double'], number>(true)

const hub = createHub()
const result = hub.modifyState('token', d, (s) => (s.n += 1))
same<typeof result, Promise<number>>(true)
// @ts-expect-error the draft has the types of the fields
void hub.modifyState('token', d, (s) => (s.n = 'x'))
// @ts-expect-error a definition, not its id
void hub.modifyState('token', 'd', () => {})

defineState('optimistic', () => ({ n: 0, names: [] as string[] }))
  .private(() => ({ secret: 0 }))
  .events((on) => ({
    add: on({ optimistic: true }, (s, by: number) => {
      s.n += by
    }),
    hidden: on({ optimistic: true }, (s) => {
      // @ts-expect-error a page has no private fields, so a handler that runs there is given none
      s.secret = 1
    }),
    own: on({ optimistic: (s, by: number) => void (s.n += by) }, (s, by: number) => {
      s.secret += by
    }),
    fewer: on({ optimistic: (s) => void (s.n += 1) }, (s, by: number) => void (s.secret += by)),
    schema: on(
      { input: z.coerce.number(), optimistic: (s, by) => void (s.n = Number(by)) },
      (s, by) => void (s.n = by),
    ),
    whole: on(
      { input: z.string(), optimistic: (s, name) => void s.names.push(name), whenOffline: 'reject' },
      (s, name) => {
        s.names.push(name)
      },
    ),
    privately: on(
      // @ts-expect-error what a page shows is public
      { optimistic: (s) => void (s.secret = 1) },
      (s) => void (s.n = 1),
    ),
    // @ts-expect-error the page cannot run what a schema is between
    both: on({ input: z.string(), optimistic: true }, (s, name) => void s.names.push(name)),
  }))

const optimistic = view(
  defineState('optimistic', () => ({ n: 0 })).events((on) => ({
    add: on({ optimistic: true }, (s, by: number) => void (s.n += by)),
    own: on({ optimistic: (s) => void (s.n += 1) }, (s, by: number) => void (s.n += by)),
    other: on({ optimistic: (s, name: string) => void (s.n = name.length) }, (s, by: number) => void (s.n += by)),
  })),
)
optimistic.add(1)
// @ts-expect-error the arguments are those of the handler
optimistic.add('1')
optimistic.own(1)
// @ts-expect-error what the page shows must take what the handler takes
optimistic.other(1)

interface Tree {
  name: string
  parent: Tree | null
  children: Tree[]
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
type Id = string & { readonly brand: 'id' }
enum Level {
  low,
  high,
}
interface Row {
  id: Id
  note?: string
  at: Date | undefined
}
class Basket {
  items: string[] = []
  add(item: string): void {
    this.items.push(item)
  }
}

const everything = defineState('everything', () => ({
  tree: { name: '', parent: null, children: [] } as Tree,
  json: null as Json,
  level: Level.low,
  id: 'x' as Id,
  rows: [] as Row[],
  byId: new Map<Id, Row>(),
  named: {} as Record<string, Row | undefined>,
  ids: new Set<Id>(),
  pair: [1, 'a'] as [number, string],
  fixed: [1, 2] as const,
  either: { kind: 'a' } as { kind: 'a' } | { kind: 'b'; n: bigint },
  any: undefined as unknown,
  optional: undefined as { deep?: { list?: readonly string[] } } | undefined,
  word: 'a' as 'a' | 'b',
})).events((on) => ({
  change: on((s, word: 'a' | 'b') => {
    same<typeof s.tree.children, Tree[]>(true)
    same<typeof s.word, 'a' | 'b'>(true)
    same<typeof s.rows, Row[]>(true)
    s.word = word
    s.byId.set('x' as Id, { id: 'x' as Id, at: undefined })
  }),
}))
same<StateOf<typeof everything>['either'], { kind: 'a' } | { kind: 'b'; n: bigint }>(true)

// @ts-expect-error a function is no value of a state
defineState('f', () => ({ n: 0, f: () => 1 }))
// @ts-expect-error however deep
defineState('f', () => ({ list: [{ f: () => 1 }] }))
// @ts-expect-error nor is a class
defineState('f', () => ({ type: Basket }))
// @ts-expect-error nor an instance of one
defineState('f', () => ({ basket: new Basket() }))
// @ts-expect-error nor a URL
defineState('f', () => ({ at: new URL('https://shop.example') }))
// @ts-expect-error in a Map
defineState('f', () => ({ at: new Map([['a', new URL('https://shop.example')]]) }))
// @ts-expect-error or in a Set
defineState('f', () => ({ at: new Set<() => void>() }))
// @ts-expect-error nor a promise
defineState('f', () => ({ at: Promise.resolve(1) }))
// @ts-expect-error nor a regular expression
defineState('f', () => ({ at: /x/ }))
// @ts-expect-error nor bytes
defineState('f', () => ({ at: new Uint8Array(1) }))
// @ts-expect-error nor a symbol
defineState('f', () => ({ at: Symbol('x') }))
// @ts-expect-error nor what is perhaps a URL
defineState('f', () => ({ at: undefined as URL | undefined }))
// @ts-expect-error private fields neither
defineState('f', () => ({})).private(() => ({ f: () => 1 }))
