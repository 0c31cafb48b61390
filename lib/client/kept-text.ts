/** The text in which calls that have not settled are kept. A person can edit it, and an older version may have written it. */
import { pageLimits } from '../base/limits.js'
import { heldApp } from '../protocol/heldstate-app.js'
import { protocolVersion } from '../protocol/version.js'
import type { CallMessage } from '../protocol/written-up.js'

/** A call as it is kept. */
export interface KeptCall {
  readonly id: number
  readonly former: string
  readonly address: string
  readonly birth: string | undefined
  readonly message: CallMessage
}

/** What a page has sent: 1 if it has sent calls. With it by address, the revision of the state when the page was first shown it. */
export type SentBefore = readonly [hasSent: 0 | 1, began: { readonly [address: string]: number }]

export interface Kept {
  readonly token: string | undefined
  /** The highest id that was used. */
  readonly last: number
  /** The oldest first. */
  readonly pages: ReadonlyMap<string, SentBefore>
  readonly calls: readonly KeptCall[]
}

/** The text, and how many calls have found room in it; the first ones do. */
export function writeKept({ token, last, pages, calls }: Kept): { readonly text: string; readonly count: number } {
  const names = [...pages.keys()]
  const written: string[] = []
  let left: number = pageLimits.keptCharacters
  for (const { id, former, address, birth, message } of calls) {
    const text = JSON.stringify([id, names.indexOf(former), address, birth ?? null, ...message])
    left -= text.length
    if (left < 0) break
    written.push(text)
  }
  const sent = [...pages].map(([page, before]) => [page, ...before])
  const head = JSON.stringify([protocolVersion, heldApp.id ?? null, token ?? null, last, sent])
  return { text: `${head.slice(0, -1)},[${written}]]`, count: written.length }
}

/** Reads what `writeKept` wrote; `undefined` where it is anything else, or of another version or app. */
export function readKept(text: string | undefined): Kept | undefined {
  if (text === undefined) return undefined
  try {
    return keptIn(JSON.parse(text))
  } catch {
    return undefined
  }
}

function keptIn(value: unknown): Kept {
  const [version, app, token, last, pages, calls] = list(value)
  if (version !== protocolVersion || app !== (heldApp.id ?? null)) throw notOurs()
  const names = list(pages).map((page): [string, SentBefore] => {
    const [name, sent, began] = list(page)
    if (!/^[0-9a-f]{32}$/.test(text(name))) throw notOurs()
    const revisions = Object.entries(began ?? {}).map(([address, revision]) => [address, count(revision)])
    return [text(name), [sent === 1 ? 1 : 0, Object.fromEntries(revisions)]]
  })
  let before = 0
  const read = list(calls).map((call): KeptCall => {
    const [id, at, address, birth, ...message] = list(call)
    const former = names[count(at)]?.[0]
    if (former === undefined || count(id) <= before || (message[0] !== 'call' && message[0] !== 'cancel'))
      throw notOurs()
    before = count(id)
    text(message[1])
    text(message[2])
    const known = birth === null ? undefined : text(birth)
    return { id: before, former, address: text(address), birth: known, message: message as unknown as CallMessage }
  })
  if (before > count(last) || count(last) > longestId) throw notOurs()
  return { token: token === null ? undefined : text(token), last: count(last), pages: new Map(names), calls: read }
}

/** Far more than a page can make calls, and far from where numbers are not exact any more. */
const longestId = 2 ** 50

const notOurs = () => new Error('not ours')

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw notOurs()
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw notOurs()
}

function count(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw notOurs()
}
