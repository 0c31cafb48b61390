/**
 * The role of this process for one token, and what follows from an event. `next` is pure: it decides and changes nothing. `Replicas` keeps
 * one replica per token and acts on the effects, in its `act`. Two effects are instructions for the method that sent the event, since it
 * has a loop: `wait` for `claim`, and `follow-again` for `follow`.
 */
import { type SavedOrSame, TokenRecord, type Writes } from '../store/record.js'
import type { Stored } from '../store/store.js'

export interface Owner {
  readonly as: 'owner'
  /** Each save carries it, so that a save of an earlier owner is refused. */
  readonly fence: number
  /** The lease under which the token was claimed. Once it has lapsed, another process may own the token. */
  readonly epoch: number
  /** Whether a save under this ownership has named the processes that run tasks. Until then they may count as orphans. */
  runsPublished: boolean
}

export type Role =
  /** This process is not sent changes. */
  | { readonly as: 'stranger' }
  /** This process is sent each change. Another process may own the token. */
  | { readonly as: 'follower' }
  | Owner

/** A claim under way. `handoverRequested`: another process has asked for the token since this process asked last. */
export type Claim =
  /** The coordinator was asked. `mayBeFree`: it has sent that the token may be free before its answer, so a refusal is outdated. */
  | { readonly at: 'asking'; readonly handoverRequested: boolean; readonly mayBeFree: boolean }
  /** This process is in line, while the process `owner` owns the token. */
  | { readonly at: 'waiting'; readonly handoverRequested: boolean; readonly owner: string }
  /** Owned. The token is not handed over before the work is done for which it was claimed. */
  | { readonly at: 'granted'; readonly handoverRequested: boolean }

export interface Replica {
  readonly role: Role
  /** The newest record that an owner or a follower knows. Only `next` and `noteSaved` change it. */
  record: TokenRecord | undefined
  readonly claim: Claim | undefined
  /** `times`: open questions to follow. `newest`: the newest revision received since the first of them. */
  readonly followQuestions: { readonly times: number; readonly newest: number } | undefined
}

export type ReplicaEvent =
  /** The hub needs to own the token. */
  | { readonly on: 'claim' }
  /** The claim succeeded. `before` is the record, and `epoch` the lease, with which it was sent. */
  | {
      readonly on: 'claimed'
      readonly fence: number
      readonly epoch: number
      readonly handoverRequested: boolean
      readonly saved: SavedOrSame
      readonly before: TokenRecord | undefined
    }
  | { readonly on: 'refused'; readonly owner: string; readonly leaseMs: number }
  /** The work of the claim is done, or the claim has failed. */
  | { readonly on: 'claim-ended' }
  /** The token may be free, or the wait is over. `owner`: only if that process owned it. */
  | { readonly on: 'may-be-free'; readonly owner?: string | undefined }
  | { readonly on: 'handover-requested' }
  /** The hub asks to be sent changes. */
  | { readonly on: 'follow' }
  /** The answer. `role` and `before` are those with which the question was sent. `owns`: for the coordinator, this process is the owner. */
  | {
      readonly on: 'followed'
      readonly saved: SavedOrSame
      readonly owns: boolean
      readonly role: Role
      readonly before: TokenRecord | undefined
    }
  | { readonly on: 'follow-failed' }
  | { readonly on: 'changed'; readonly revision: number; readonly writes: Writes }
  | { readonly on: 'caught-up'; readonly saved: SavedOrSame; readonly owns: boolean }
  /** Messages may have been lost. */
  | { readonly on: 'missed' }
  | { readonly on: 'release'; readonly follow: boolean }
  | { readonly on: 'unfollow' }
  | { readonly on: 'drop' }
  /** A save under the ownership `role` was refused. */
  | { readonly on: 'fenced'; readonly role: Owner }

export type Effect =
  /** Ends the wait of the claim, which then asks the coordinator again. */
  | { readonly do: 'wake-claim' }
  /** For `claim`: ask again once the token may be free, at the latest after these milliseconds. */
  | { readonly do: 'wait'; readonly ms: number }
  /** For `follow`: ask again, since the answer is outdated. */
  | { readonly do: 'follow-again' }
  /** First wait for the claim of this process, whose answer is on its way. */
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
const freshClaim: Claim = { at: 'asking', handoverRequested: false, mayBeFree: false }

/** The replica of a token that this process does not use. */
export const noReplica: Readonly<Replica> = {
  role: stranger,
  record: undefined,
  claim: undefined,
  followQuestions: undefined,
}

/** Whether a replica holds no more than `noReplica`. */
export const isBlank = ({ role, claim, followQuestions }: Replica) =>
  role.as === 'stranger' && !claim && !followQuestions

export function next(replica: Replica, event: ReplicaEvent): Step {
  const { role, record, claim } = replica
  switch (event.on) {
    case 'claim':
      return [{ ...replica, claim: freshClaim }, { do: 'wake-claim' }]
    case 'claimed':
      return claimed(replica, event)
    case 'refused':
      return refused(replica, event)
    case 'claim-ended':
      return claim?.handoverRequested
        ? [{ ...replica, claim: undefined }, { do: 'request-handover' }]
        : [{ ...replica, claim: undefined }]
    case 'may-be-free':
      return mayBeFree(replica, event.owner)
    case 'handover-requested':
      if (claim) return [{ ...replica, claim: { ...claim, handoverRequested: true } }]
      if (role.as === 'owner') return [replica, { do: 'request-handover' }]
      return [replica, { do: 'release', follow: role.as === 'follower' }] // it was handed to a claim that has failed
    case 'follow':
      return [
        {
          ...replica,
          followQuestions: {
            times: 1 + (replica.followQuestions?.times ?? 0),
            newest: replica.followQuestions?.newest ?? 0,
          },
        },
      ]
    case 'followed':
      return takeAnswer(replica, event)
    case 'follow-failed':
      return [{ ...replica, followQuestions: oneLess(replica) }]
    case 'changed':
      return changed(replica, event.revision, event.writes)
    case 'caught-up':
      return caughtUp(replica, event.saved, event.owns)
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
      return [asStranger(replica), { do: 'release', follow: event.follow }]
    case 'unfollow':
      return role.as === 'follower' ? [asStranger(replica), { do: 'unfollow' }] : [replica]
    case 'drop':
      if (role.as === 'owner') return [asStranger(replica), { do: 'drop', fence: role.fence }]
      return next(replica, { on: 'unfollow' })
    case 'fenced':
      return [role === event.role ? asStranger(replica) : replica]
  }
}

/**
 * Takes in a successful save. The only change in place: this is the path of every event of a token, and allocates nothing.
 */
export function noteSaved(replica: Replica | undefined, role: Owner, record: TokenRecord): void {
  role.runsPublished = true
  if (replica?.role === role) replica.record = record
}

const asStranger = (replica: Replica): Replica => ({ ...replica, role: stranger, record: undefined })

function claimed(replica: Replica, event: ReplicaEvent & { on: 'claimed' }): Step {
  const { claim, record: current } = replica
  const { fence, epoch, handoverRequested, saved, before } = event
  const record = TokenRecord.of(saved, before)
  // a newer revision arrived before the answer: another process has owned the token since
  if (current && current !== before && current.stored.revision > record.stored.revision)
    return [{ ...replica, claim: freshClaim }, { do: 'wake-claim' }]
  const isRequested = handoverRequested || claim?.handoverRequested === true
  return [
    {
      ...replica,
      role: { as: 'owner', fence, epoch, runsPublished: false },
      record,
      claim: { at: 'granted', handoverRequested: isRequested },
    },
  ]
}

function refused(replica: Replica, { owner, leaseMs }: ReplicaEvent & { on: 'refused' }): Step {
  const { claim } = replica
  if (claim?.at !== 'asking') return [replica]
  if (claim.mayBeFree) return [{ ...replica, claim: freshClaim }, { do: 'wake-claim' }]
  const { handoverRequested } = claim
  return [
    { ...replica, claim: { at: 'waiting', handoverRequested, owner } },
    { do: 'wait', ms: leaseMs },
  ]
}

function mayBeFree(replica: Replica, owner?: string): Step {
  const { claim } = replica
  if (claim?.at === 'asking') return [{ ...replica, claim: { ...claim, mayBeFree: true } }]
  if (claim?.at !== 'waiting' || (owner !== undefined && owner !== claim.owner)) return [replica]
  return [{ ...replica, claim: freshClaim }, { do: 'wake-claim' }]
}

function takeAnswer(replica: Replica, event: ReplicaEvent & { on: 'followed' }): Step {
  const { role, record: current, claim } = replica
  const answered = { ...replica, followQuestions: oneLess(replica) }
  if (event.role !== role || event.before !== current) return [answered, { do: 'follow-again' }]
  if (event.owns && role.as !== 'owner') {
    // either the token was handed to an abandoned claim, or the answer to a claim is on its way
    return [answered, claim ? { do: 'await-claim' } : { do: 'release', follow: false }, { do: 'follow-again' }]
  }
  const record = TokenRecord.of(event.saved, current)
  const followed = { ...answered, role: event.owns ? role : follower, record }
  if (event.owns || record.stored.revision >= (replica.followQuestions?.newest ?? 0)) return [followed]
  return [followed, { do: 'follow-again' }]
}

function oneLess({ followQuestions: asked }: Replica): Replica['followQuestions'] {
  return asked && asked.times > 1 ? { ...asked, times: asked.times - 1 } : undefined
}

function changed(replica: Replica, revision: number, writes: Writes): Step {
  const { role, record, claim, followQuestions: asked } = replica
  const newest = Math.max(asked?.newest ?? 0, revision)
  const told = asked ? { ...replica, followQuestions: { ...asked, newest } } : replica
  if (role.as !== 'follower' || !record) {
    const isExpected = asked !== undefined || claim !== undefined || role.as === 'owner'
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

function caughtUp(replica: Replica, saved: SavedOrSame, owns: boolean): Step {
  const { role, record } = replica
  if (owns || saved === 'same' || role.as !== 'follower') return [replica]
  if (saved && record && saved.revision <= record.stored.revision) return [replica]
  const newer = TokenRecord.of(saved)
  return [
    { ...replica, record: newer },
    { do: 'tell-changed', stored: newer.saved },
  ]
}
