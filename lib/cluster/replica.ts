/**
 * What this process is to one token, and what follows from an event. Pure: `next` decides and changes nothing; `Replicas`
 * keeps one replica per token and acts on the effects.
 */
import { type Known, TokenRecord, type Writes } from '../store/record.js'
import type { Stored } from '../store/store.js'

export interface Owner {
  readonly as: 'owner'
  /** Each save carries it, so that a save of an earlier owner is refused. */
  readonly fence: number
  /** The lease under which the token was claimed. Once that has lapsed, another process may own the token. */
  readonly epoch: number
  /** Whether a save has said who runs the tasks of the token: other processes may have taken them for orphans. */
  runsPublished: boolean
}

export type Role =
  /** Nobody tells this process of changes. */
  | { readonly as: 'stranger' }
  /** Another process may own the token; this one is sent each change. */
  | { readonly as: 'follower' }
  | Owner

/** A claim that is under way. `handoverRequested`: another process has asked for the token since this one asked last. */
export type Claim =
  /** The coordinator is asked. `mayBeFree`: word of that came before the answer, which may be a refusal that is outdated. */
  | { readonly at: 'asking'; readonly handoverRequested: boolean; readonly mayBeFree: boolean }
  /** In line, while the process `holder` owns the token. */
  | { readonly at: 'waiting'; readonly handoverRequested: boolean; readonly holder: string }
  /** Owned, and not to be handed over before the work that it was claimed for has ended. */
  | { readonly at: 'granted'; readonly handoverRequested: boolean }

export interface Replica {
  readonly role: Role
  /** What is known of an owner's or a follower's token. Only `next` and `noteSaved` change it. */
  record: TokenRecord | undefined
  readonly claim: Claim | undefined
  /** While this process asks to follow: how many times it does, and the newest revision that it was told of meanwhile. */
  readonly asking: { readonly times: number; readonly newest: number } | undefined
}

export type ReplicaEvent =
  /** The hub wants to own the token. */
  | { readonly on: 'claim' }
  /** It does. `before` is the record, and `epoch` the lease, with which the claim was sent. */
  | {
      readonly on: 'claimed'
      readonly fence: number
      readonly epoch: number
      readonly wanted: boolean
      readonly known: Known
      readonly before: TokenRecord | undefined
    }
  | { readonly on: 'refused'; readonly holder: string; readonly leaseMs: number }
  /** The work has ended for which the token was claimed, or the claim has failed. */
  | { readonly on: 'claim-ended' }
  /** The token may be free, or time has passed. `holder`: only if it was owned by that process. */
  | { readonly on: 'may-be-free'; readonly holder?: string | undefined }
  | { readonly on: 'handover-requested' }
  /** The hub asks to be told of changes. */
  | { readonly on: 'follow' }
  /** The answer. `role` and `before` are those with which the question was sent; `owns`: the coordinator takes this process for the owner. */
  | {
      readonly on: 'followed'
      readonly known: Known
      readonly owns: boolean
      readonly role: Role
      readonly before: TokenRecord | undefined
    }
  | { readonly on: 'follow-failed' }
  | { readonly on: 'changed'; readonly revision: number; readonly writes: Writes }
  | { readonly on: 'caught-up'; readonly known: Known; readonly owns: boolean }
  /** Messages may have been lost. */
  | { readonly on: 'missed' }
  | { readonly on: 'release'; readonly follow: boolean }
  | { readonly on: 'unfollow' }
  | { readonly on: 'drop' }
  /** A save under this ownership was refused. */
  | { readonly on: 'fenced'; readonly role: Owner }

export type Effect =
  | { readonly do: 'ask-to-own' }
  /** Ask to own the token once it may be free, at the latest after these milliseconds. */
  | { readonly do: 'wait'; readonly ms: number }
  /** Ask to follow once more: the answer is outdated. */
  | { readonly do: 'follow-again' }
  /** First let the claim of this process end, whose answer is on its way. */
  | { readonly do: 'await-claim' }
  | { readonly do: 'catch-up' }
  | { readonly do: 'unfollow' }
  | { readonly do: 'release'; readonly follow: boolean }
  | { readonly do: 'drop'; readonly fence: number }
  | { readonly do: 'tell-changed'; readonly stored: Stored | undefined }
  | { readonly do: 'request-handover' }

export type Step = readonly [replica: Replica, ...effects: Effect[]]

const stranger: Role = { as: 'stranger' }
const follower: Role = { as: 'follower' }
const asking: Claim = { at: 'asking', handoverRequested: false, mayBeFree: false }

/** Of a token that this process has nothing to do with. */
export const noReplica: Readonly<Replica> = { role: stranger, record: undefined, claim: undefined, asking: undefined }

/** Whether it says no more than `noReplica`. */
export const isBlank = ({ role, claim, asking }: Replica) => role.as === 'stranger' && !claim && !asking

export function next(replica: Replica, event: ReplicaEvent): Step {
  const { role, record, claim } = replica
  switch (event.on) {
    case 'claim':
      return [{ ...replica, claim: asking }, { do: 'ask-to-own' }]
    case 'claimed':
      return claimed(replica, event)
    case 'refused':
      return refused(replica, event)
    case 'claim-ended':
      return claim?.handoverRequested
        ? [{ ...replica, claim: undefined }, { do: 'request-handover' }]
        : [{ ...replica, claim: undefined }]
    case 'may-be-free':
      return mayBeFree(replica, event.holder)
    case 'handover-requested':
      if (claim) return [{ ...replica, claim: { ...claim, handoverRequested: true } }]
      if (role.as === 'owner') return [replica, { do: 'request-handover' }]
      return [replica, { do: 'release', follow: role.as === 'follower' }] // granted to a claim that has failed
    case 'follow':
      return [{ ...replica, asking: { times: 1 + (replica.asking?.times ?? 0), newest: replica.asking?.newest ?? 0 } }]
    case 'followed':
      return followed(replica, event)
    case 'follow-failed':
      return [{ ...replica, asking: lessAsking(replica) }]
    case 'changed':
      return changed(replica, event.revision, event.writes)
    case 'caught-up':
      return caughtUp(replica, event.known, event.owns)
    case 'missed': {
      const [woken, ...effects] = mayBeFree(replica)
      return role.as === 'follower' ? [woken, ...effects, { do: 'catch-up' }] : [woken, ...effects]
    }
    case 'release':
      if (event.follow && record)
        return [
          { ...replica, role: follower },
          { do: 'release', follow: true },
        ]
      return [forgotten(replica), { do: 'release', follow: event.follow }]
    case 'unfollow':
      return role.as === 'follower' ? [forgotten(replica), { do: 'unfollow' }] : [replica]
    case 'drop':
      if (role.as === 'owner') return [forgotten(replica), { do: 'drop', fence: role.fence }]
      return next(replica, { on: 'unfollow' })
    case 'fenced':
      return [role === event.role ? forgotten(replica) : replica]
  }
}

/**
 * A save under this ownership was kept. This is the only change in place: each event of a token comes by here, and should not
 * make a replica.
 */
export function noteSaved(replica: Replica | undefined, role: Owner, record: TokenRecord): void {
  role.runsPublished = true
  if (replica?.role === role) replica.record = record
}

const forgotten = (replica: Replica): Replica => ({ ...replica, role: stranger, record: undefined })

function claimed(replica: Replica, event: ReplicaEvent & { on: 'claimed' }): Step {
  const { claim, record: now } = replica
  const { fence, epoch, wanted, known, before } = event
  const record = TokenRecord.of(known, before)
  // a newer revision came meanwhile, so the answer is late: another process owns the token since
  if (now && now !== before && now.stored.revision > record.stored.revision)
    return [{ ...replica, claim: asking }, { do: 'ask-to-own' }]
  const handoverRequested = wanted || claim?.handoverRequested === true
  return [
    {
      ...replica,
      role: { as: 'owner', fence, epoch, runsPublished: false },
      record,
      claim: { at: 'granted', handoverRequested },
    },
  ]
}

function refused(replica: Replica, { holder, leaseMs }: ReplicaEvent & { on: 'refused' }): Step {
  const { claim } = replica
  if (claim?.at !== 'asking') return [replica]
  if (claim.mayBeFree) return [{ ...replica, claim: asking }, { do: 'ask-to-own' }]
  const { handoverRequested } = claim
  return [
    { ...replica, claim: { at: 'waiting', handoverRequested, holder } },
    { do: 'wait', ms: leaseMs },
  ]
}

function mayBeFree(replica: Replica, holder?: string): Step {
  const { claim } = replica
  if (claim?.at === 'asking') return [{ ...replica, claim: { ...claim, mayBeFree: true } }]
  if (claim?.at !== 'waiting' || (holder !== undefined && holder !== claim.holder)) return [replica]
  return [{ ...replica, claim: asking }, { do: 'ask-to-own' }]
}

function followed(replica: Replica, event: ReplicaEvent & { on: 'followed' }): Step {
  const { role, record: now, claim } = replica
  const answered = { ...replica, asking: lessAsking(replica) }
  if (event.role !== role || event.before !== now) return [answered, { do: 'follow-again' }]
  if (event.owns && role.as !== 'owner') {
    // claimed by nobody here, or the answer to the claim is on its way
    return [answered, claim ? { do: 'await-claim' } : { do: 'release', follow: false }, { do: 'follow-again' }]
  }
  const record = TokenRecord.of(event.known, now)
  const known = { ...answered, role: event.owns ? role : follower, record }
  if (event.owns || record.stored.revision >= (replica.asking?.newest ?? 0)) return [known]
  return [known, { do: 'follow-again' }]
}

function lessAsking({ asking }: Replica): Replica['asking'] {
  return asking && asking.times > 1 ? { ...asking, times: asking.times - 1 } : undefined
}

function changed(replica: Replica, revision: number, writes: Writes): Step {
  const { role, record, claim, asking } = replica
  const told = asking ? { ...replica, asking: { ...asking, newest: Math.max(asking.newest, revision) } } : replica
  if (role.as !== 'follower' || !record) {
    const isExpected = asking !== undefined || claim !== undefined || role.as === 'owner'
    return isExpected ? [told] : [told, { do: 'unfollow' }]
  }
  if (revision <= record.stored.revision) return [told]
  if (revision > record.stored.revision + 1) return [told, { do: 'catch-up' }]
  const newer = record.with(revision, writes)
  return [
    { ...told, record: newer },
    { do: 'tell-changed', stored: newer.stored },
  ]
}

function caughtUp(replica: Replica, known: Known, owns: boolean): Step {
  const { role, record } = replica
  if (owns || known === 'same' || role.as !== 'follower') return [replica]
  if (known && record && known.revision <= record.stored.revision) return [replica]
  const newer = TokenRecord.of(known)
  return [
    { ...replica, record: newer },
    { do: 'tell-changed', stored: newer.known },
  ]
}
