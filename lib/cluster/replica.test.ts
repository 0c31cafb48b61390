/** The rules of `next`, one by one: what a process is to a token after an event, and what it does about it. */
import { describe, expect, it } from 'vitest'
import { TokenRecord } from '../store/record.js'
import { stored } from './nodes.fixture.js'
import {
  type Effect,
  isBlank,
  next,
  noReplica,
  noteSaved,
  type Owner,
  type Replica,
  type ReplicaEvent,
} from './replica.js'

const recordOf = (revision: number) => TokenRecord.empty.to(stored(revision)).record
const owner = (fence = 1): Owner => ({ as: 'owner', fence, epoch: 1, runsPublished: false })
const owned = (revision = 1): Replica => ({ ...noReplica, role: owner(), record: recordOf(revision) })
const followed = (revision = 1): Replica => ({ ...noReplica, role: { as: 'follower' }, record: recordOf(revision) })

/** What follows from events in a row: the last replica, and the effects of the last event. */
function after(
  replica: Replica,
  ...events: readonly ReplicaEvent[]
): { readonly now: Replica; readonly effects: Effect[] } {
  let now = replica
  let effects: Effect[] = []
  for (const event of events) [now, ...effects] = next(now, event)
  return { now, effects }
}

const texts = (revision: number) => ({ revision, texts: recordWrites(revision) })
const recordWrites = (revision: number) => TokenRecord.empty.to(stored(revision)).writes as Record<string, string>
const claimed = (revision: number, before?: TokenRecord, handoverRequested = false) =>
  ({ on: 'claimed', fence: 7, epoch: 2, handoverRequested, saved: texts(revision), before }) as const
const refused = { on: 'refused', owner: 'x', leaseMs: 50 } as const
const changed = (revision: number) => ({ on: 'changed', revision, writes: recordWrites(revision) }) as const
const answer = ({ role, record }: Replica, revision: number, owns = false) =>
  ({ on: 'followed', saved: texts(revision), owns, role, before: record }) as const

describe('a claim', () => {
  it('makes the process the owner, under the fence and the lease of the answer', () => {
    const { now, effects } = after(noReplica, { on: 'claim' }, claimed(3))
    expect(now.role).toEqual({ as: 'owner', fence: 7, epoch: 2, runsPublished: false })
    expect(now.record?.stored).toEqual(stored(3))
    expect(effects).toEqual([])
  })
  it('waits in line when it is refused', () => {
    expect(after(noReplica, { on: 'claim' }, refused).effects).toEqual([{ do: 'wait', ms: 50 }])
  })
  it('asks again when the token may be free', () => {
    expect(after(noReplica, { on: 'claim' }, refused, { on: 'may-be-free' }).effects).toEqual([{ do: 'wake-claim' }])
    expect(after(noReplica, { on: 'claim' }, refused, { on: 'missed' }).effects).toEqual([{ do: 'wake-claim' }])
  })
  it('asks again when the process has died that it waits for, and not when another one has', () => {
    const waiting = after(noReplica, { on: 'claim' }, refused).now
    expect(after(waiting, { on: 'may-be-free', owner: 'y' }).effects).toEqual([])
    expect(after(waiting, { on: 'may-be-free', owner: 'x' }).effects).toEqual([{ do: 'wake-claim' }])
  })
  it('asks again when word that the token may be free came before the refusal', () => {
    expect(after(noReplica, { on: 'claim' }, { on: 'may-be-free', owner: 'y' }, refused).effects).toEqual([
      { do: 'wake-claim' },
    ])
  })
  it('asks again when its answer is older than what the process has heard since', () => {
    const { now, effects } = after(followed(1), { on: 'claim' }, changed(2), claimed(1, recordOf(1)))
    expect(effects).toEqual([{ do: 'wake-claim' }])
    expect(now.role.as).toBe('follower')
  })
  it('hands over only after the work, whether the request came with the answer, before or after it', () => {
    const work = { on: 'claim-ended' } as const
    const request = { on: 'handover-requested' } as const
    expect(after(noReplica, { on: 'claim' }, claimed(1), work).effects).toEqual([])
    expect(after(noReplica, { on: 'claim' }, claimed(1, undefined, true)).effects).toEqual([])
    for (const events of [[claimed(1, undefined, true)], [request, claimed(1)], [claimed(1), request]])
      expect(after(noReplica, { on: 'claim' }, ...events, work).effects).toEqual([{ do: 'request-handover' }])
  })
  it('that has failed leaves nothing behind', () => {
    expect(isBlank(after(noReplica, { on: 'claim' }, { on: 'claim-ended' }).now)).toBe(true)
  })
})

describe('a request to hand over', () => {
  const request = { on: 'handover-requested' } as const
  it('goes to the hub while the process owns the token', () => {
    expect(after(owned(), request).effects).toEqual([{ do: 'request-handover' }])
  })
  it('is met at once where the token was handed to a claim that has failed', () => {
    expect(after(noReplica, request).effects).toEqual([{ do: 'release', follow: false }])
    expect(after(followed(), request).effects).toEqual([{ do: 'release', follow: true }])
  })
})

describe('a change by another process', () => {
  it('is applied and told, once and in order', () => {
    const { now, effects } = after(followed(1), changed(2))
    expect(effects).toEqual([{ do: 'tell-changed', stored: stored(2) }])
    expect(after(now, changed(2)).effects).toEqual([])
  })
  it('that follows a gap asks for all that is kept', () => {
    const { now, effects } = after(followed(1), changed(3))
    expect(effects).toEqual([{ do: 'catch-up' }])
    expect(now.record?.stored.revision).toBe(1)
  })
  it('is no longer wanted by a stranger', () => {
    expect(after(noReplica, changed(2)).effects).toEqual([{ do: 'unfollow' }])
  })
  it('is expected by who owns, claims or asks to follow', () => {
    expect(after(owned(), changed(2)).effects).toEqual([])
    expect(after(noReplica, { on: 'claim' }, changed(2)).effects).toEqual([])
    expect(after(noReplica, { on: 'follow' }, changed(2)).effects).toEqual([])
  })
})

describe('an answer to "follow"', () => {
  const asking = after(noReplica, { on: 'follow' }).now
  it('makes the process a follower', () => {
    const { now, effects } = after(asking, answer(asking, 3))
    expect([now.role.as, now.record?.stored, now.followQuestions]).toEqual(['follower', stored(3), undefined])
    expect(effects).toEqual([])
  })
  it('is asked for once more when a newer change was told before it came', () => {
    expect(after(asking, changed(4), answer(asking, 3)).effects).toEqual([{ do: 'follow-again' }])
    expect(after(asking, { on: 'follow' }, changed(4), answer(asking, 4), answer(asking, 3)).effects).toEqual([
      { do: 'follow-again' },
    ])
  })
  it('is asked for once more when the process has claimed the token since, or lost it', () => {
    expect(after(asking, { on: 'claim' }, claimed(3), answer(asking, 3, true)).effects).toEqual([
      { do: 'follow-again' },
    ])
    const losing = after(owned(), { on: 'follow' }).now
    expect(after(losing, { on: 'fenced', role: losing.role as Owner }, answer(losing, 1)).effects).toEqual([
      { do: 'follow-again' },
    ])
  })
  it('gives back what this process owns and has not asked for', () => {
    expect(after(asking, answer(asking, 3, true)).effects).toEqual([
      { do: 'release', follow: false },
      { do: 'follow-again' },
    ])
  })
  it('waits for a claim whose answer is on its way', () => {
    expect(after(asking, { on: 'claim' }, answer(asking, 3, true)).effects).toEqual([
      { do: 'await-claim' },
      { do: 'follow-again' },
    ])
  })
  it('ends an ownership that another process has now, and keeps one that is still there', () => {
    const doubting = after(owned(1), { on: 'follow' }).now
    expect(after(doubting, answer(doubting, 2)).now.role.as).toBe('follower')
    expect(after(doubting, answer(doubting, 1, true)).now.role).toBe(doubting.role)
  })
  it('is expected as long as one is under way', () => {
    expect(after(asking, { on: 'follow' }, { on: 'follow-failed' }, changed(4)).effects).toEqual([])
  })
  it('that never came is forgotten', () => {
    expect(isBlank(after(noReplica, { on: 'follow' }, { on: 'follow-failed' }).now)).toBe(true)
  })
})

describe('what is kept, asked for after a gap', () => {
  it('is taken and told if it is newer', () => {
    const { now, effects } = after(followed(1), { on: 'caught-up', saved: texts(5), owns: false })
    expect(effects).toEqual([{ do: 'tell-changed', stored: stored(5) }])
    expect(now.record?.stored).toEqual(stored(5))
    expect(after(now, { on: 'caught-up', saved: texts(4), owns: false }).effects).toEqual([])
    expect(after(now, { on: 'caught-up', saved: undefined, owns: false }).effects).toEqual([
      { do: 'tell-changed', stored: undefined },
    ])
  })
  it('is nothing to a process that owns the token by now, or does not follow it', () => {
    expect(after(followed(1), { on: 'caught-up', saved: texts(5), owns: true }).effects).toEqual([])
    expect(after(owned(1), { on: 'caught-up', saved: texts(5), owns: false }).effects).toEqual([])
    expect(after(noReplica, { on: 'caught-up', saved: texts(5), owns: false }).effects).toEqual([])
  })
  it('is asked for when messages may have been lost, of each token that is followed', () => {
    expect(after(followed(), { on: 'missed' }).effects).toEqual([{ do: 'catch-up' }])
    expect(after(owned(), { on: 'missed' }).effects).toEqual([])
  })
})

describe('a token that the hub lets go', () => {
  it('is followed further if it asks for that, and if anything is known of it', () => {
    expect(after(owned(2), { on: 'release', follow: true }).now).toEqual(followed(2))
    expect(isBlank(after(owned(2), { on: 'release', follow: false }).now)).toBe(true)
    expect(after(noReplica, { on: 'release', follow: true }).now.role.as).toBe('stranger')
  })
  it('is dropped under the fence of its owner, and only no longer followed by another one', () => {
    expect(after(owned(), { on: 'drop' }).effects).toEqual([{ do: 'drop', fence: 1 }])
    expect(after(followed(), { on: 'drop' }).effects).toEqual([{ do: 'unfollow' }])
    expect(after(noReplica, { on: 'drop' }).effects).toEqual([])
  })
  it('is not dropped by "unfollow" where it was claimed meanwhile', () => {
    expect(after(owned(), { on: 'unfollow' })).toEqual({ now: owned(), effects: [] })
  })
})

describe('a save', () => {
  it('changes the record of the ownership under which it was made, and of no later one', () => {
    const replica = owned(1)
    noteSaved(replica, replica.role as Owner, recordOf(2))
    expect(replica.record?.stored.revision).toBe(2)
    expect(replica.role).toMatchObject({ runsPublished: true })
    noteSaved(replica, owner(), recordOf(3))
    expect(replica.record?.stored.revision).toBe(2)
  })
  it('that is refused ends the ownership under which it was made, and no later one', () => {
    const replica = owned(1)
    expect(isBlank(after(replica, { on: 'fenced', role: replica.role as Owner }).now)).toBe(true)
    expect(after(replica, { on: 'fenced', role: owner() }).now).toBe(replica)
  })
})
