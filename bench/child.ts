/** Processes of the benchmarks: the parent forks them and asks questions over IPC; they answer. */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  ask<T>(question: string, given?: unknown): Promise<T>
}

export interface ChildOptions {
  /** Options of Node, beside those that every child has. */
  readonly node?: readonly string[]
  /** Variables of the environment, beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** What it writes to stdout and stderr is read by the parent instead of shown. */
  readonly silent?: boolean
}

/** Starts a process that runs this file. */
export function child(file: URL, args: readonly string[] = [], options: ChildOptions = {}): Child {
  const { node = [], env = {}, silent = false } = options
  const execArgv = ['--import', 'tsx', '--expose-gc', ...node]
  const process = fork(fileURLToPath(file), args, {
    execArgv,
    serialization: 'advanced',
    silent,
    env: { ...globalThis.process.env, ...env },
  })
  process.setMaxListeners(0) // each question that waits has a listener
  process.on('error', () => {}) // what could not be sent is told to whoever asked
  let asked = 0
  const ask = <T>(question: string, given?: unknown) => {
    asked += 1
    const id = asked
    return new Promise<T>((resolve, reject) => {
      const failed = (code: number | null) =>
        reject(new Error(`${file} ended with ${code} before it answered "${question}"`))
      const listen = (message: unknown) => {
        const answered = message as { id: number; answer: T }
        if (answered.id !== id) return
        process.off('message', listen)
        process.off('exit', failed)
        resolve(answered.answer)
      }
      process.on('message', listen)
      process.on('exit', failed)
      process.send({ id, question, given }, (error) => error && reject(error))
    })
  }
  return { process, ask }
}

/** Answers the parent for as long as it is there. What an answer throws ends the process. */
export function answering(answers: Record<string, (given: never) => unknown>): void {
  process.on('message', async ({ id, question, given }: { id: number; question: string; given: unknown }) => {
    const answer = await answers[question]?.(given as never)
    process.send?.({ id, answer })
  })
  process.on('disconnect', () => process.exit(0))
}

/** Of one process: what it has spent, how long it was ready but other processes had the CPU, and its longest standstill. */
export interface Load {
  readonly cpuMs: number
  readonly waitedMs: number
  readonly stallMs: number
}

const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

/** Since the last time it was asked. */
export function load(): Load {
  const { user, system } = process.cpuUsage(cpuAsked)
  cpuAsked = process.cpuUsage()
  const waited = waitedMs()
  const figures = { cpuMs: (user + system) / 1000, waitedMs: waited - waitedAsked, stallMs: delay.max / 1e6 }
  waitedAsked = waited
  delay.reset()
  return figures
}

let cpuAsked = process.cpuUsage()
let waitedAsked = 0

/** Linux counts it for the main thread; elsewhere nobody knows. */
function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return Number.NaN
  }
}
