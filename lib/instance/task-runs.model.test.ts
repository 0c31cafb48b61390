/**
 * `TaskRuns` against a plain model: random histories of starts, turns, ends, saves, reloads, takeovers and deaths. The model
 * keeps lists and derives everything from them each time. `SEED=` and `RUNS=` choose other histories.
 */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RunEnd, RunningTask, TaskEnd } from '../store/store.js'
import type { RunChanges } from './staged-runs.js'
import { TaskRuns } from './task-runs.js'

const seed = Number(process.env.SEED ?? 1)
const numRuns = Number(process.env.RUNS ?? 300)

const definition = 'd'
const tasks = ['a', 'b']
const durable = { args: [1], lost: 1, failed: 0 }

type Records = readonly RunningTask[]

/** What this process should know, in lists. */
class Model {
  readonly living = new Set(['here', 'b', 'c'])
  here: Records = []
  remote: Records = []
  /** Attempts that have ended here, and are stored as running. */
  ended: Records = []
  stored: Records = []
  storedEnds: readonly TaskEnd[] = []
  /** Of the remote ones. */
  private lostProcess: Records = []
  unpublished = false

  isDead = ({ node }: RunningTask) => node === 'here' || !this.living.has(node)

  /** What a process that does not own the token can say of the dead. */
  private isForgotten = ({ node }: RunningTask) => node === 'here'

  restore(stored: Records, owned: boolean): Records {
    const isDead = owned ? this.isDead : this.isForgotten
    const ours = stored.filter((record) => record.node === 'here' && (this.has(record) || includes(this.ended, record)))
    const others = stored.filter((record) => !ours.includes(record))
    const lost = this.here.filter(({ run }) => {
      const now = stored.find((record) => record.run === run)
      return now ? now.node !== 'here' : this.stored.some((record) => record.run === run)
    })
    this.here = this.here.filter((record) => !lost.includes(record))
    this.lostProcess = others.filter(isDead)
    this.remote = others.filter((record) => record.durable || !isDead(record))
    this.ended = this.ended.filter((record) => includes(ours, record))
    this.stored = stored
    this.unpublished = owned && ours.length > 0
    return lost
  }

  recheck(): boolean {
    this.lostProcess = this.remote.filter(this.isDead)
    this.remote = this.remote.filter((record) => record.durable || !this.isDead(record))
    return this.lostProcess.length > 0
  }

  put(record: RunningTask): void {
    this.here = [...without(this.here, [record.run]), record]
    this.remote = without(this.remote, [record.run])
    this.ended = without(this.ended, [record.run])
  }

  end({ run, attempt }: RunningTask, isEnd: boolean): void {
    const ended = this.here.filter((record) => record.run === run && record.attempt === attempt)
    this.here = this.here.filter((record) => !ended.includes(record))
    if (isEnd && this.stored.some((record) => record.run === run)) this.ended = [...this.ended, ...ended]
  }

  saved(running: Records, { added, removed }: RunChanges): void {
    this.stored = running
    this.unpublished = false
    this.ended = this.ended.filter((record) => includes(running, record))
    for (const name of ['here', 'remote', 'ended'] as const) this[name] = without(this[name], [...removed])
    for (const record of added) this.put(record)
  }

  orphaned(): Records {
    return this.remote.filter((record) => this.lostProcess.includes(record))
  }

  running(): Records {
    return [...this.remote, ...this.here]
  }

  private has({ run }: RunningTask): boolean {
    return this.here.some((record) => record.run === run)
  }
}

const includes = (list: Records, { run, attempt }: RunningTask) =>
  list.some((record) => record.run === run && record.attempt === attempt)
const without = (list: Records, ids: readonly string[]) => list.filter(({ run }) => !ids.includes(run))
const isSameList = (a: Records, b: Records) => a.length === b.length && a.every((record, index) => record === b[index])

const isSameEnds = (a: readonly TaskEnd[], b: readonly TaskEnd[]) =>
  isDeepStrictEqual(a, b) && a.every(({ failure }, index) => failure === b[index]?.failure)

const kinds = [
  ...['start', 'start', 'wait', 'turn', 'progress', 'retry', 'end', 'end early', 'stale', 'drop', 'prove'],
  ...['save', 'accept', 'cancel', 'adopt', 'theirs', 'theirs', 'restore', 'follow', 'die', 'live'],
] as const

const step = fc.record({
  kind: fc.constantFrom(...kinds),
  n: fc.nat(10),
  flag: fc.boolean(),
  isDurable: fc.boolean(),
  task: fc.constantFrom(...tasks),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class History {
  private readonly model = new Model()
  private readonly runs: TaskRuns
  private readonly changed = new Set<string>()
  /** What the store has: other processes change it too. */
  private store: Records = []
  private ended: readonly TaskEnd[] = []
  private runEnds: readonly RunEnd[] = []
  private owned = true
  private count = 0
  private inFlight: (() => void) | undefined

  constructor() {
    const isAlive = (node: string) => this.model.living.has(node)
    this.runs = new TaskRuns(
      { node: 'here', shared: true, isAlive },
      { statusChanged: (id) => void this.changed.add(id) },
    )
  }

  take({ kind, n, flag, isDurable, task }: Step): void {
    const { model, runs } = this
    const canSave = this.owned && !this.inFlight
    const run = pick(
      model.here.filter(({ waits }) => waits === undefined),
      n,
    )
    const waiting = pick(
      model.here.filter(({ waits }) => waits !== undefined),
      n,
    )
    const made = { durable: isDurable ? durable : undefined }
    if (kind === 'start' && canSave) this.save([this.record(task, 'here', made)], flag && run ? [run.run] : [], n > 7)
    if (kind === 'wait' && canSave)
      this.save([this.record(task, 'here', { ...made, waits: n + 1, ...(flag && { joins: true }) })], [], n > 7)
    if (kind === 'turn' && canSave && waiting) this.save([{ ...waiting, waits: undefined, joins: undefined }], [], flag)
    if (kind === 'save' && canSave) this.save([], [], flag)
    const any = pick(model.running(), n)
    if (kind === 'cancel' && canSave && any) this.save([], [any.run], flag)
    if (kind === 'adopt' && canSave) this.save(runs.orphaned.slice(n > 8 ? 1 : 0).map(adopted), [], flag)
    if (kind === 'accept') this.inFlight?.()
    if (kind === 'progress' && run) this.put({ ...run, progress: n / 10, note: task })
    if (kind === 'retry' && run) this.put({ ...run, attempt: run.attempt + 1 })
    if (kind === 'end' && run) this.end(run, true)
    if (kind === 'end early' && run) this.end({ ...run, attempt: run.attempt + 1 }, true) // of another attempt: nothing ends
    if (kind === 'prove' && run) this.prove(run)
    if (kind === 'drop' && waiting && !this.inFlight) {
      runs.removeWaiting(waiting.run, flag)
      model.end(waiting, flag)
    }
    if (kind === 'stale') {
      this.inFlight = undefined
      this.owned = false
      for (const record of model.here) if (record.waits === undefined) this.end(record, false)
    }
    if (kind === 'theirs') this.theirs(n, flag, this.record(task, flag ? 'b' : 'c', made))
    if (kind === 'restore' || kind === 'follow') this.restore(kind === 'restore', flag)
    if (kind === 'live') model.living.add(flag ? 'b' : 'c')
    if (kind === 'die') {
      model.living.delete(flag ? 'b' : 'c')
      if (this.owned) expect(runs.recheckLiveness()).toBe(model.recheck())
    }
  }

  private record(task: string, node: string, more: Partial<RunningTask>): RunningTask {
    this.count += 1
    return { definition, task, run: `r${this.count}`, node, attempt: 1, ...more }
  }

  private put(record: RunningTask): void {
    this.runs.setLocal(record)
    this.model.put(record)
  }

  private end(record: RunningTask, isEnd: boolean): void {
    this.runs.finishLocal(record.run, record.attempt, isEnd)
    this.model.end(record, isEnd)
  }

  private prove(record: RunningTask): void {
    this.runs.resetLost(record.run)
    const now = this.runs.running().find(({ run }) => run === record.run) as RunningTask
    expect(now.durable?.lost ?? 0).toBe(0)
    if (record.durable && record.durable.lost > 0) this.model.put(now)
  }

  private save(added: RunningTask[], removed: string[], later: boolean): void {
    const changes = { added, removed: new Set(removed) }
    const [running, ended] = [this.runs.running(changes), this.runs.endsToStore()]
    const runEnds = this.runs.lastEnds.with()
    expect(running).toEqual([...without(this.model.running(), [...removed, ...added.map(({ run }) => run)]), ...added])
    this.inFlight = () => {
      this.inFlight = undefined
      this.store = running
      this.ended = ended
      this.runEnds = runEnds
      this.runs.saved({ running, ended, runEnds }, changes)
      this.model.saved(running, changes)
      this.model.storedEnds = ended
    }
    if (!later) this.inFlight()
  }

  private restore(owned: boolean, isParsed: boolean): void {
    this.inFlight = undefined
    this.owned = owned
    if (isParsed) this.store = structuredClone(this.store) as Records
    const shown = this.model.remote
    this.changed.clear()
    const lost = this.runs.restore({ running: this.store, ended: this.ended, runEnds: this.runEnds }, owned)
    expect(lost).toEqual(this.model.restore(this.store, owned))
    this.model.storedEnds = this.ended
    if (shown.length + this.model.remote.length > 0) expect([...this.changed]).toEqual([definition])
  }

  /** Another process ends a run, takes it over, begins one that waits, or starts one. */
  private theirs(n: number, flag: boolean, started: RunningTask): void {
    const run = pick(this.store, n)
    const others = this.store.filter((record) => record !== run)
    if (!run || n < 3) this.store = [...this.store, flag ? { ...started, waits: n + 5 } : started]
    else if (n < 6) this.store = others
    else if (run.waits !== undefined && run.node !== 'here') this.store = [...others, { ...run, waits: undefined }]
    else if (run.durable) this.store = [...others, { ...run, node: started.node, attempt: run.attempt + 2 }]
  }

  /** What the runs say and what the model says, in the same shape. */
  check(): void {
    const { model, runs } = this
    const ids = Array.from({ length: this.count }, (_, index) => `r${index + 1}`)
    const isSaved = isSameList(model.running(), model.stored) && isSameEnds(runs.endsToStore(), model.storedEnds)
    expect({
      running: runs.running(),
      orphaned: runs.orphaned,
      outdated: runs.outdated,
      here: ids.filter((id) => runs.isHere(id)),
      tasks: tasks.map((task) => ({
        status: runs.statusOf(definition, task),
        copies: runs.statusOf(definition, task).runs?.map(({ run }) => run) ?? [],
        joining: runs.joining({ definition, task }),
        stored: runs.storedRuns({ definition, task }),
      })),
    }).toEqual({
      running: model.running(),
      orphaned: model.orphaned(),
      outdated: model.unpublished || !isSaved || !runs.lastEnds.isSaved,
      here: ids.filter((id) => model.here.some(({ run }) => run === id)),
      tasks: tasks.map((task) => this.expectedOf(task)),
    })
  }

  private expectedOf(task: string) {
    const { model } = this
    const ofTask = (list: Records) => list.filter((record) => record.task === task)
    const waiting = ofTask(model.running()).filter(({ waits, joins }) => waits !== undefined && !joins).length
    const running = ofTask(model.remote).filter(({ waits }) => waits === undefined).length
    return {
      status: expect.objectContaining({ running, waiting }),
      copies: ofTask(model.running())
        .filter(({ joins }) => !joins)
        .sort((a, b) => (a.waits ?? 0) - (b.waits ?? 0) || (a.run < b.run ? -1 : 1))
        .map(({ run }) => run),
      joining: ofTask(model.running())
        .filter(({ joins }) => joins)
        .map(({ run }) => run),
      stored: ofTask(model.stored),
    }
  }
}

const adopted = (record: RunningTask): RunningTask => ({
  ...record,
  node: 'here',
  attempt: record.waits === undefined ? record.attempt + 1 : record.attempt,
})

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)]

it('the runs of a token are what a plain model says', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
      const history = new History()
      for (const given of steps) {
        history.take(given)
        history.check()
      }
    }),
    { seed, numRuns },
  )
})
