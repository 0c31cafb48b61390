/** The bounds that a page keeps by itself. A server that has others says so in its hi. */
import { HeldStateError } from '../base/errors.js'
import { type Limits, pageBounds, pageLimits } from '../base/limits.js'

export type PageBounds = Pick<Limits, keyof typeof pageBounds>

const names = Object.keys(pageBounds) as (keyof PageBounds)[]

/** Those of a server that are not the usual ones; `undefined` if all are. */
export function unusualBounds(limits: PageBounds): Partial<PageBounds> | undefined {
  const unusual = names.filter((name) => limits[name] !== pageBounds[name])
  return unusual.length === 0 ? undefined : Object.fromEntries(unusual.map((name) => [name, limits[name]]))
}

/** What a hi says of them. What is no count is left out: the page goes on with the usual ones. */
export function readBounds(value: unknown): Partial<PageBounds> {
  if (typeof value !== 'object' || value === null) return {}
  const given = value as Record<string, unknown>
  const known = names.filter(
    (name) => Object.hasOwn(given, name) && Number.isSafeInteger(given[name]) && Number(given[name]) > 0,
  )
  return Object.fromEntries(known.map((name) => [name, given[name]]))
}

export const tooManyStates = (bound: number) =>
  new HeldStateError(
    'too-many-states',
    `This tab already watches ${bound} states (limit "watchedStates"). The page shows first values for the others.`,
  )

export const tooManySubscriptions = () =>
  new HeldStateError(
    'too-many-states',
    `This page has ${pageLimits.subscriptions} subscriptions, the maximum. Close one of them.`,
  )

/** Bytes of a text in UTF-8, as the bound of a message counts them. */
export function bytesOf(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    if (unit >= 0xd800 && unit < 0xdc00) at += 1 // a pair takes four: what JSON writes has no half of one
  }
  return bytes
}
