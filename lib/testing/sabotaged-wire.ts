/** The wire of a page with a bug on purpose. */
import type { TestClock } from './clock.js'
import type { Loopback } from './loopback.js'
import type { Sabotage } from './sabotage.js'

export function sabotageWire(wire: Loopback, sabotage: Sabotage | undefined, clock: TestClock): void {
  if (sabotage === 'forget-page') wire.alter = (hello) => ({ ...hello, page: clock.id() })
  if (sabotage === 'forget-former') wire.alter = (hello) => withoutFormers(hello, clock)
  if (sabotage === 'forget-began') wire.alter = withoutBegan
  if (sabotage === 'cut-words') wire.alterDown = cutWords
  if (sabotage === 'hide-progress') wire.alterDown = hideProgress
  if (sabotage === 'torn-delta') wire.alterDown = tearDeltas
}

/** The calls of a page before are said to be those of a page that nobody knows. */
function withoutFormers<T extends { readonly formers?: readonly unknown[] }>(hello: T, clock: TestClock): T {
  return hello.formers ? { ...hello, formers: hello.formers.map(() => [clock.id(), 0]) } : hello
}

/** Neither the page nor those before it say when they began. */
const withoutBegan = (hello: object) => ({
  ...hello,
  subscriptions: ((hello as { subscriptions?: unknown[][] }).subscriptions ?? []).map((opening) => opening.slice(0, 3)),
  formers: ((hello as { formers?: unknown[][] }).formers ?? []).map(([page, sent]) => [page, sent]),
})

/** A delta whose added words lack their last letter. */
const cutWords = (name: string, args: readonly unknown[]) =>
  name === 'd'
    ? [(args as unknown[][]).map(([number, from, by, patches, ...more]) => [number, from, by, cut(patches), ...more])]
    : [args]

const cut = (patches: unknown) =>
  (patches as unknown[]).map((patch) => (typeof patch === 'string' ? patch.slice(0, -1) : patch))

/** A welcome, or what a page missed, that says that none of its calls has ended. */
const hideProgress = (name: string, args: readonly unknown[]) =>
  name === 'w' || name === 'r' ? [[...args.slice(0, -1), 0]] : [args]

/** A message for each change. */
const tearDeltas = (name: string, args: readonly unknown[]) => (name === 'd' ? args.map((change) => [change]) : [args])
