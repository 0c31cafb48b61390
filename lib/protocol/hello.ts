/** What a page says first over a connection. It comes from outside, so `parseHello` takes `unknown`. */
import { HeldStateError } from '../base/errors.js'
import { type Limits, pageLimits } from '../base/limits.js'
import { cut } from '../base/text.js'
import { type Opening, opening } from './opening.js'
import { ownAddress } from './own-address.js'
import { describe, isCount, isName, malformed } from './reading.js'
import { oldestVersion, protocolVersion } from './version.js'

/** A page that lived in this tab before a reload, whose calls this one sends on. */
export interface Former {
  readonly page: string
  /** If nothing is known of it, it may have been forgotten. */
  readonly hasSent: boolean
  /** By address: the revision of the state when the page was first shown it. What was forgotten before has nothing to do with the page. */
  readonly began: ReadonlyMap<string, number>
}

export interface Hello {
  readonly version: number
  /** The signed token that an earlier hi gave; a new tab has none. */
  readonly token: string | undefined
  /** The signed token of the tab of which this new one is a duplicate. */
  readonly copyOf: string | undefined
  /** A random id of 32 hexadecimal digits, new with each load of the page: the ids of its calls count from it. */
  readonly page: string
  /** The number of the last message that this page heard; none at its first connection. */
  readonly lastSeq: number | undefined
  /** The highest id of a call that it has sent over earlier connections; 0 if it has sent none. If nothing is known of it, it may have been forgotten. */
  readonly sent: number
  /** The oldest first. */
  readonly formers: readonly Former[]
  /** The first is that of the tab itself. */
  readonly subscriptions: readonly [Opening, ...Opening[]]
  /** Names the app that the page was built for; low-level clients need not say it. */
  readonly app?: string
}

/** `own` names the app of the hub, once that is known. */
export function parseHello(value: unknown, limits: Limits, own?: string): Hello {
  if (typeof value !== 'object' || value === null) throw malformed('hello: expected an object')
  const {
    version,
    token,
    copyOf,
    page,
    lastSeq,
    sent = 0,
    formers = [],
    subscriptions,
    app,
  } = value as Record<string, unknown>
  if (version !== protocolVersion)
    throw new HeldStateError(
      'protocol-version',
      `This page speaks version ${describe(version)} of the heldstate protocol, but the server speaks versions ${oldestVersion} to ${protocolVersion}. Reload the page.`,
    )
  if (app !== undefined && !isName(app)) throw malformed('hello: expected app to be a name')
  const other = otherApp(app, own) // first: its token was signed by another hub
  if (other) throw other
  if (token !== undefined && typeof token !== 'string')
    throw new HeldStateError('invalid-token', 'Expected the token to be a string.')
  if (copyOf !== undefined && !isName(copyOf)) throw malformed('hello: expected copyOf to be a token')
  if (!isPageId(page)) throw malformed('hello: expected page to be a page id')
  if (lastSeq !== undefined && !isCount(lastSeq))
    throw malformed('hello: expected lastSeq, the number of the last message received')
  if (!isCount(sent)) throw malformed('hello: expected sent to be the id of a call')
  if (!Array.isArray(formers) || formers.length > pageLimits.formerPages)
    throw malformed(`hello: expected a list of at most ${pageLimits.formerPages} former pages`)
  const former = formers.map(formerIn)
  if (new Set([page, ...former.map((each) => each.page)]).size <= former.length)
    throw malformed('hello: expected each page only once')
  return {
    version: protocolVersion,
    token,
    copyOf,
    page,
    lastSeq,
    sent,
    formers: former,
    subscriptions: subscriptionsIn(subscriptions, limits),
    ...(app !== undefined && { app }),
  }
}

const isPageId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)

function formerIn(value: unknown): Former {
  const [page, hasSent, began = {}] = Array.isArray(value) ? value : []
  if (!isPageId(page)) throw malformed('hello: expected the id of a former page')
  return { page, hasSent: hasSent === 1, began: revisionsIn(began) }
}

function revisionsIn(value: unknown): ReadonlyMap<string, number> {
  const entries: [string, unknown][] = typeof value === 'object' && value ? Object.entries(value) : [['', value]]
  if (entries.length > pageLimits.subscriptions || !entries.every(([address, at]) => isName(address) && isCount(at)))
    throw malformed('hello: expected the revisions at which a former page began, by address')
  return new Map(entries as [string, number][])
}

function subscriptionsIn(value: unknown, limits: Limits): Hello['subscriptions'] {
  const { subscriptions: most } = pageLimits
  if (!Array.isArray(value) || value.length > most)
    throw malformed(`hello: expected a list of at most ${most} subscriptions`)
  const [first, ...others] = value.map((each) => opening(Array.isArray(each) ? each : [], limits))
  if (first?.number !== 0 || first.address !== ownAddress)
    throw malformed(`hello: expected the subscription 0, to the address "${ownAddress}", as the first one`)
  if (others.some(({ number }, at) => number <= ((others[at - 1] ?? first) as Opening).number))
    throw malformed('hello: expected each subscription to have a number of its own, in order')
  return [first, ...others]
}

/** The failure of a page of one app that has come to the hub of another. */
export function otherApp(app: string | undefined, own: string | undefined): HeldStateError | undefined {
  if (app === undefined || own === undefined || app === own) return undefined
  const zone = app.split('#', 1)[0]
  const mend =
    zone === own.split('#', 1)[0]
      ? 'Both apps use that path. Give one of them a basePath or a zone: withHeldState({ … }, { zone: "/shop" }).'
      : `Configure the proxy to forward requests for ${zone === '/' ? '' : zone}/_heldstate to the server of that app.`
  return new HeldStateError(
    'other-app',
    `This page belongs to the app at ${cut(zone ?? '', 80)} but reached the server of the app at ${own.split('#', 1)[0]}. ${mend}`,
  )
}
