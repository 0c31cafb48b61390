/** Processes of the benchmarks: the parent forks them and asks questions over IPC; they answer. */
import { type ChildProcess, fork } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  ask<T>(question: string, given?: unknown): Promise<T>
}

/** `file` lies beside this one. */
export function child(file: string, args: readonly string[] = []): Child {
  const execArgv = ['--import', 'tsx', '--expose-gc']
  const process = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv, serialization: 'advanced' })
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
      process.send({ id, question, given })
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

/** What a process has spent, and for how long its event loop stood still at worst: for `load`. */
export interface Load {
  readonly cpuMs: number
  readonly stallMs: number
}

const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

/** Since the last time it was asked. */
export function load(): Load {
  const { user, system } = process.cpuUsage(asked)
  asked = process.cpuUsage()
  const stallMs = delay.max / 1e6
  delay.reset()
  return { cpuMs: (user + system) / 1000, stallMs }
}

let asked = process.cpuUsage()
