/**
 * How the last runs of one token's tasks have finished, in all processes. A page that waits for a run may have been away when it finished, so its end is remembered for
 * a while, with what the run replied. The last result of each task is part of its status, and stays.
 */
import { decode, type Json } from '../base/encode.js'
import { handlerLimits } from '../base/server-limits.js'
import { bytesOf } from '../protocol/bounds.js'
import type { RunEnd, TaskName } from '../store/store.js'
import { sameList } from './same-list.js'

/** An end that has no place among the others yet. */
export type NewEnd = Omit<RunEnd, 'order'>

/** What ends have replied, and their sizes in bytes. They never change, and most tokens have none, so all share these. */
const values = new WeakMap<RunEnd, unknown>()
const sizes = new WeakMap<RunEnd, number>()

export class RunEnds {
  private list: readonly RunEnd[] = none
  private stored: readonly RunEnd[] = none

  /** The list to save. The stored one itself if that says the same. */
  get all(): readonly RunEnd[] {
    return this.list
  }

  get isSaved(): boolean {
    return this.list === this.stored
  }

  of(run: string): RunEnd | undefined {
    return this.list.find((end) => end.run === run)
  }

  /** What a task replied last; `undefined` if it never did. */
  resultOf({ definition, task }: TaskName): { readonly value: unknown } | undefined {
    const end = this.list.findLast((one) => hasResult(one) && isOf(one, definition, task))
    if (!end) return undefined
    if (!values.has(end)) values.set(end, decode(end.result))
    return { value: values.get(end) }
  }

  add(end: NewEnd): void {
    this.keep(this.with([end]))
  }

  /** The list with some more ends, as it is saved with them. */
  with(more: readonly NewEnd[] = none): readonly RunEnd[] {
    if (more.length === 0) return this.list
    const runs = new Set(more.map(({ run }) => run))
    const before = this.list.filter(({ run }) => !runs.has(run))
    const last = this.list.at(-1)?.order ?? 0
    return this.bounded([...before, ...more.map((end, index) => ({ ...end, order: last + 1 + index }))])
  }

  /** Adopts what the store has, and after that what it does not have yet. `isWrong`: another process goes on with the run. */
  restore(stored: readonly RunEnd[] = none, isWrong: (end: RunEnd) => boolean): void {
    const known = new Set(stored.map(({ run }) => run))
    const before = new Set(this.stored.map(({ run }) => run))
    const unsaved = this.list.filter((end) => !known.has(end.run) && !before.has(end.run) && !isWrong(end))
    this.stored = stored
    this.keep(this.bounded([...stored, ...unsaved]))
  }

  /** The store has this list, with `added` in it. Others may have been added meanwhile. */
  saved(stored: readonly RunEnd[] = none, added: readonly NewEnd[] = none): void {
    if (stored === this.stored && added.length === 0) return // most saves
    const runs = new Set(added.map(({ run }) => run))
    const made = stored.filter(({ run }) => runs.has(run))
    this.stored = stored
    if (made.length > 0) this.keep(this.bounded([...this.list.filter(({ run }) => !runs.has(run)), ...made]))
    else this.keep(this.list)
  }

  private keep(list: readonly RunEnd[]): void {
    this.list = sameList(this.stored, list)
  }

  /** The newest ends, and the last result of each task. */
  private bounded(list: readonly RunEnd[]): readonly RunEnd[] {
    const last = new Map(list.filter(hasResult).map((end): [string, RunEnd] => [`${end.definition} ${end.task}`, end]))
    const pinned = new Set(last.values())
    let surplus = list.length - handlerLimits.rememberedRuns
    let bytes = list.reduce((sum, end) => sum + this.sizeOf(end), 0) - handlerLimits.rememberedResults
    if (surplus <= 0 && bytes <= 0) return list
    return list.filter((end) => {
      if ((surplus <= 0 && bytes <= 0) || pinned.has(end)) return true
      surplus -= 1
      bytes -= this.sizeOf(end)
      return false
    })
  }

  private sizeOf(end: RunEnd): number {
    if (!hasResult(end)) return 0
    const known = sizes.get(end)
    if (known !== undefined) return known
    const size = bytesOf(JSON.stringify(end.result))
    sizes.set(end, size)
    return size
  }
}

const none: readonly never[] = []

const hasResult = (end: RunEnd): end is RunEnd & { readonly result: Json } => end.result !== undefined

const isOf = (end: TaskName, definition: string, task: string) => end.definition === definition && end.task === task
