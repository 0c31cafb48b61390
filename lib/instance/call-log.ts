/**
 * Records which calls have settled, and how. A call that is sent again after a lost connection or a crash gets its first answer and
 * has no second effect. The calls of a page run in order, so one number covers all of them; failures are listed.
 */
import type { Json } from '../base/encode.js'
import type { Failure } from '../base/errors.js'
import type { Limits } from '../base/limits.js'
import { handlerLimits } from '../base/server-limits.js'
import { cut } from '../base/text.js'
import { bytesOf } from '../protocol/bounds.js'
import type { CallEnd, CallReply, PageCalls } from '../store/store.js'

/** Identifies a call: the page that made it, and its number there. */
export interface CallName {
  readonly page: string
  readonly id: number
}

export type CallLog = readonly PageCalls[]

/** How a call has settled. */
export interface CallOutcome extends CallEnd {
  readonly reply?: Json | undefined
}

/** The outcome of a call; `undefined` if it has not settled, and `'unknown'` if it settled too long ago. */
export function outcomeOf(calls: CallLog, { page, id }: CallName): CallOutcome | 'unknown' | undefined {
  const known = pageIn(calls, page)
  if (!known) return undefined
  const end = known.ends.length === 0 ? undefined : known.ends.find((other) => covers(other, id))
  if (end) return end.id === id && end.first === undefined ? end : { id, failure: end.failure }
  if (id > known.done) return undefined
  const replied = known.replies?.find((other) => other.id === id)
  if (replied) return replied
  return id <= known.forgotten ? 'unknown' : { id }
}

/** The id of the page's last settled call. All calls before it have settled too. */
export function lastCallId(calls: CallLog, page: string): number {
  return pageIn(calls, page)?.done ?? 0
}

/** A loop, since it runs for each call: `find` would make a function for it. */
function pageIn(calls: CallLog, page: string): PageCalls | undefined {
  for (const known of calls) if (known.page === page) return known
  return undefined
}

/**
 * Whether a page of which nothing is known may have made calls: others have since, as many as are remembered. Not if one that is remembered has made
 * its last before `began`, the revision of the state when the page was first shown it: that one would have been forgotten first.
 */
export function hasForgotten(calls: CallLog, page: string, began: number, { rememberedPages }: Limits): boolean {
  if (calls.length < rememberedPages || pageIn(calls, page)) return false
  return calls.every(({ revision = Number.POSITIVE_INFINITY }) => revision > began)
}

/** The log with one more call that has settled in order: all calls before it have settled. */
export function withSettled(
  calls: CallLog,
  name: CallName,
  failure: Failure | undefined,
  limits: Limits,
  revision?: number,
  reply?: Json,
): CallLog {
  const known = pageIn(calls, name.page)
  const done = Math.max(name.id, known?.done ?? 0)
  if (!failure && reply === undefined && known?.ends.length === 0)
    return withPage(calls, withDone(known, done, revision), limits)
  const before = without(known?.ends ?? [], name.id).filter((end) => end.failure || end.id > done)
  const ends = failure ? withOne(before, { id: name.id, failure }) : before
  const replies = reply === undefined ? known?.replies : [...(known?.replies ?? []), { id: name.id, reply }]
  const forgotten = known?.forgotten ?? 0
  const page = bounded({ page: name.page, done, ends, forgotten, revision, ...(replies && { replies }) }, limits)
  return withPage(calls, page, limits)
}

/** Written out, since it runs for each call: a spread copies key by key. */
function withDone({ page, ends, forgotten, replies }: PageCalls, done: number, revision?: number): PageCalls {
  return replies ? { page, done, ends, forgotten, revision, replies } : { page, done, ends, forgotten, revision }
}

/** The log with one more call that has settled out of order: calls before it may still wait. */
export function withSettledEarly(
  calls: CallLog,
  name: CallName,
  failure: Failure | undefined,
  limits: Limits,
  revision?: number,
): CallLog {
  const { page, id } = name
  const known = pageIn(calls, page) ?? { page, done: 0, ends: [], forgotten: 0 }
  const ends = withOne(without(known.ends, id), { id, failure })
  return withPage(calls, bounded({ ...known, ends, revision }, limits), limits)
}

/** Records the outcome of a call in memory; the next save of its token stores it. `early`: calls before it may still wait. */
export function settleCall(
  instance: { calls: CallLog; readonly revision: number },
  name: CallName,
  failure: Failure | undefined,
  limits: Limits,
  early = false,
  reply?: Json,
): void {
  const next = instance.revision + 1
  instance.calls = early
    ? withSettledEarly(instance.calls, name, failure, limits, next)
    : withSettled(instance.calls, name, failure, limits, next, reply)
}

/** The log without the replies of one page that `isHeard`: the next save of the token writes less. */
export function withoutReplies(calls: CallLog, page: string, isHeard: (id: number) => boolean): CallLog {
  const known = pageIn(calls, page)
  if (!known?.replies?.some(({ id }) => isHeard(id))) return calls
  const left = known.replies.filter(({ id }) => !isHeard(id))
  return calls.map((other) => (other === known ? withReplies(known, left) : other))
}

function withReplies({ replies: _, ...page }: PageCalls, replies: readonly CallReply[]): PageCalls {
  return replies.length === 0 ? page : { ...page, replies }
}

/** The stored log, with the calls that have settled since its last save and changed nothing. */
export function merged(stored: CallLog, remembered: CallLog): CallLog {
  if (remembered.length === 0) return stored
  const pages = new Map(stored.map((known) => [known.page, known]))
  for (const mine of remembered) {
    const known = pages.get(mine.page)
    if (!known)
      pages.set(mine.page, { ...mine, revision: undefined }) // comes after pages that have called later
    else {
      const newer = mine.ends
        .map((end) => from(end, known.done + 1))
        .filter(
          (end) =>
            end.id > known.done && !known.ends.some(({ id, first = id }) => first <= firstOf(end) && end.id <= id),
        )
      const forgotten = Math.max(known.forgotten, mine.forgotten)
      const mineReplied = mine.replies?.filter(({ id }) => id > known.done) ?? []
      const replies = [...(known.replies ?? []), ...mineReplied]
      pages.set(mine.page, {
        ...known,
        done: Math.max(known.done, mine.done),
        forgotten,
        revision: newest(known.revision, mine.revision),
        ends: [...known.ends, ...newer],
        ...(replies.length > 0 && { replies }),
      })
    }
  }
  return [...pages.values()]
}

const newest = (one: number | undefined, other: number | undefined) =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)

const firstOf = ({ id, first = id }: CallEnd) => first

const covers = (end: CallEnd, id: number) => firstOf(end) <= id && id <= end.id

/** The part of a range that begins at `first`. */
const from = (end: CallEnd, first: number): CallEnd => (firstOf(end) < first ? range({ ...end, first }) : end)

function range({ id, first = id, failure }: CallEnd): CallEnd {
  return first === id ? { id, failure } : { id, first, failure }
}

/** The ends without one call. */
function without(ends: readonly CallEnd[], id: number): readonly CallEnd[] {
  if (!ends.some((end) => covers(end, id))) return ends
  return ends.flatMap((end) => {
    if (!covers(end, id)) return end
    const parts = [{ ...end, id: id - 1, first: firstOf(end) }, from(end, id + 1)]
    return parts.filter((part) => firstOf(part) <= part.id).map(range)
  })
}

/** The ends with one more call. Neighbours that failed in the same way become one range, so a page that is often refused needs no more room. */
function withOne(ends: readonly CallEnd[], end: CallEnd): readonly CallEnd[] {
  const last = ends.at(-1)
  if (!last?.failure || last.id + 1 !== end.id || !isSame(last.failure, end.failure)) return [...ends, end]
  return [...ends.slice(0, -1), { ...last, first: firstOf(last), id: end.id }]
}

const isSame = (failure: Failure, other: Failure | undefined) =>
  failure.code === other?.code && failure.message === other.message && !failure.issues && !other.issues

/** The page that called last is the last in the log. */
function withPage(calls: CallLog, page: PageCalls, limits: Limits): CallLog {
  if (calls.length === 1 && calls[0]?.page === page.page) return [page]
  const others = calls.filter((other) => other.page !== page.page)
  return [...others.slice(Math.max(0, others.length + 1 - limits.rememberedPages)), page]
}

function bounded(given: PageCalls, limits: Limits): PageCalls {
  const page = withinReplies(given, handlerLimits.rememberedReplies)
  const surplus = page.ends.length - limits.rememberedEnds
  const ends = shortened(surplus > 0 ? page.ends.slice(surplus) : page.ends)
  if (surplus <= 0) return ends === page.ends ? page : { ...page, ends }
  const forgotten = page.ends.slice(0, surplus).reduce((last, { id }) => Math.max(last, id), page.forgotten)
  return { ...page, ends, forgotten }
}

/** Bytes that a reply takes on top of its call. */
export const weightOf = (reply: Json) => bytesOf(JSON.stringify(reply)) + 30

/** Weights of replies that are kept. Each further call of the page weighs all of them. */
const weights = new WeakMap<CallReply, number>()

function weighed(kept: CallReply): number {
  let weight = weights.get(kept)
  if (weight === undefined) {
    weight = weightOf(kept.reply)
    weights.set(kept, weight)
  }
  return weight
}

/** The newest replies are kept. An older one is no longer known, and so its call is not said to have had none. */
function withinReplies(page: PageCalls, bytes: number): PageCalls {
  const { replies } = page
  if (!replies) return page
  let left = bytes
  const last = replies.findLastIndex((reply) => {
    left -= weighed(reply)
    return left < 0
  })
  if (last < 0) return page
  const forgotten = Math.max(page.forgotten, replies[last]?.id ?? 0)
  return withReplies({ ...page, forgotten }, replies.slice(last + 1))
}

/** Shortens old failures, because each save of the token writes all of them: the newest keep their whole message, older ones its first words. */
function shortened(ends: readonly CallEnd[]): readonly CallEnd[] {
  let left: number = handlerLimits.rememberedText
  const from = ends.findLastIndex(({ failure }) => {
    left -= failure ? lengthOf(failure) : 0
    return left < 0
  })
  return from < 0 ? ends : ends.map((end, index) => (index <= from ? withFewWords(end) : end))
}

const lengthOf = ({ message, issues = [] }: Failure) =>
  issues.reduce(
    (sum, issue) => issue.path.reduce<number>((length, key) => length + String(key).length, sum + issue.message.length),
    message.length,
  )

function withFewWords(end: CallEnd): CallEnd {
  const { failure } = end
  if (!failure || (!failure.issues && failure.message.length <= handlerLimits.rememberedWords)) return end
  return { ...end, failure: { code: failure.code, message: cut(failure.message, handlerLimits.rememberedWords) } }
}
