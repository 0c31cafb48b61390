/**
 * The log of a hub, which strangers can fill: who makes a handler fail as often as they like, with words of their choice, gets
 * few short lines into it. The first line of a kind is written at once, with its stack; the same again within a minute, and
 * more than a few others of that kind, are counted, and the count is written when the minute is over.
 */
import type { Clock } from './clock.js'
import { messageOf } from './errors.js'
import type { Log } from './log.js'
import { logLimits } from './server-limits.js'
import { cut, escaped, isSafe } from './text.js'

type Level = 'warn' | 'error'

/** Lines of one kind within a minute. */
interface Kind {
  readonly since: number
  readonly level: Level
  readonly lines: Set<string>
  /** How many were not written. */
  left: number
  /** One of those. */
  last: string
}

const { logPauseMs, logKinds, logLinesOfKind, logText, logKey, logCauses } = logLimits

export class SampledLog implements Log {
  private readonly log: Log
  private readonly clock: Clock
  /** In the order of their first lines. */
  private readonly kinds = new Map<string, Kind>()
  private cancelTimer: (() => void) | undefined

  constructor(log: Log, clock: Clock) {
    this.log = log
    this.clock = clock
  }

  info(message: string): void {
    this.log.info(lineOf(message))
  }

  warn(message: string, error?: unknown): void {
    this.write('warn', message, error)
  }

  error(message: string, error?: unknown): void {
    this.write('error', message, error)
  }

  /** Writes what was left out, and waits for nothing any more. */
  close(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    for (const kind of this.kinds.values()) this.tell(kind)
    this.kinds.clear()
  }

  private write(level: Level, message: string, error: unknown): void {
    const text = lineOf(message)
    const cause = error === undefined ? undefined : lineOf(messageOf(error))
    const line = cut(`${text} ${cause ?? ''}`, logKey)
    // either may have been chosen by a stranger, and the other says which line of the code it was
    const names =
      cause === undefined
        ? [kindOf(text)]
        : isReferred(text)
          ? [text.replace(/ \(tab [0-9a-f]{8}\)/, '')]
          : [kindOf(cause), kindOf(text)]
    const kinds: Kind[] = []
    for (const name of names) {
      const kind = this.kind(name, level)
      if (kind.lines.has(line) || kind.lines.size >= logLinesOfKind) return this.leaveOut(kind, text)
      kinds.push(kind)
    }
    for (const { lines } of kinds) lines.add(line)
    if (error === undefined) this.log[level](text)
    else this.log[level](text, bounded(error))
  }

  private kind(name: string, level: Level): Kind {
    const now = this.clock.now()
    const known = this.kinds.get(name)
    if (known && now - known.since < logPauseMs) return known
    if (known) this.forget(name, known)
    if (this.kinds.size >= logKinds) this.forgetOld(now)
    const key = this.kinds.size < logKinds ? name : ''
    const kind = this.kinds.get(key) ?? { since: now, level, lines: new Set<string>(), left: 0, last: '' }
    this.kinds.set(key, kind)
    return kind
  }

  private leaveOut(kind: Kind, text: string): void {
    kind.left += 1
    kind.last = text
    this.cancelTimer ??= this.clock.after(logPauseMs - (this.clock.now() - kind.since), () => {
      this.cancelTimer = undefined
      this.forgetOld(this.clock.now())
    })
  }

  private forgetOld(now: number): void {
    for (const [name, kind] of this.kinds) {
      const leftMs = logPauseMs - (now - kind.since)
      if (leftMs <= 0) this.forget(name, kind)
      else if (kind.left > 0)
        this.cancelTimer ??= this.clock.after(leftMs, () => {
          this.cancelTimer = undefined
          this.forgetOld(this.clock.now())
        })
    }
  }

  private forget(name: string, kind: Kind): void {
    this.kinds.delete(name)
    this.tell(kind)
  }

  private tell({ level, left, last, since }: Kind): void {
    if (left === 0) return
    const seconds = Math.round((this.clock.now() - since) / 1000)
    const lines = left === 1 ? '1 similar line was' : `${left} similar lines were`
    this.log[level](`${lines} omitted in the last ${seconds} s: ${last}`)
  }
}

const lineOf = (text: string) => escaped(cut(text, logText))

/** A visitor may come with the reference, so that the first line with each one is written. It stands for a place in the code. */
const isReferred = (text: string) => /\(reference [0-9a-f]{8}\)\."$/.test(text)

/** Numbers differ from line to line. */
const kindOf = (line: string) => cut(line, logKey).replace(/[0-9a-f]{8,}|\d+/g, '#')

/** An error as it may be written: itself, if nothing in it is long or could forge a line. */
function bounded(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? lineOf(error) : error
  if (isHarmless(error)) return error
  const message = lineOf(messageOf(error))
  const copy = new Error(message)
  copy.name = lineOf(String(error.name))
  copy.stack = `${copy.name}: ${message}${framesOf(error)}`
  if (error.cause !== undefined && depth < logCauses) copy.cause = bounded(error.cause, depth + 1)
  return copy
}

function isHarmless(error: Error, depth = 0): boolean {
  const { cause } = error
  const isShort = messageOf(error).length <= logText && String(error.stack).length <= 4 * logText
  if (!isShort || !isSafe(messageOf(error)) || depth > logCauses) return false
  if (typeof cause === 'string') return cause.length <= logText && isSafe(cause)
  return !(cause instanceof Error) || isHarmless(cause, depth + 1)
}

/** The lines of a stack that name a place in the code: its message may look like some. */
function framesOf(error: Error): string {
  const { stack } = error
  if (typeof stack !== 'string') return ''
  const message = messageOf(error)
  const at = stack.indexOf(message)
  const frames = at < 0 ? stack : stack.slice(at + message.length)
  const lines = frames.split('\n', 50).filter((line) => /^ +at /.test(line))
  return cut(lines.map((line) => `\n${escaped(line)}`).join(''), 2 * logText)
}
