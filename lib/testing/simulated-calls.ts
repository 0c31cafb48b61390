/** The calls that pages of the simulation make, and what is noted of each. */
import type { HeldStateError } from '../base/errors.js'
import type { ClientView } from '../state/definition.js'
import type { journal } from './simulated-state.js'

export const kinds = [
  'mark',
  'answer',
  'slowly',
  'fail',
  'twice',
  'hope',
  'doubt',
  'work',
  'surely',
  'surely',
  'tell',
] as const
/** Of lives in which starts wait for each other. */
export const waitingKinds = ['mark', 'slowly', 'fail', 'twice', 'inLine', 'inLine', 'more', 'more'] as const
export type Kind = (typeof kinds | typeof waitingKinds)[number]

/** Calls that the page shows before the hub has answered. */
export const optimistic: ReadonlySet<Kind> = new Set<Kind>(['hope', 'doubt'])

export interface Made {
  readonly mark: number
  readonly kind: Kind
  /** `undefined` while it waits. */
  end: 'done' | 'not-saved' | HeldStateError['code'] | undefined
}

export const ask = (state: ClientView<typeof journal>, { kind, mark }: Made): Promise<unknown> =>
  kind === 'work' ? state.work.start(mark) : kind === 'tell' ? state.tell.run(mark) : state[kind](mark)

/** Such a call takes no effect, or it cannot be said whether it does. */
export const fails = (kind: Kind, mark: number) =>
  kind === 'fail' || kind === 'twice' || (kind === 'doubt' && mark % 2 === 0)
