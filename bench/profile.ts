/** The most expensive functions of this process, by their own time or by what they allocated that still lives. */
import type { HeapProfiler, Profiler, Runtime } from 'node:inspector'
import { Session } from 'node:inspector/promises'

const session = new Session()
session.connect()

/** Microseconds between two samples of time; a short measurement is to have some hundreds. */
const interval = 200

/** Bytes of allocation between two samples of memory. */
const samplingInterval = 1_024

/** What the processor does for nobody, or for the profiler itself. */
const foreign = /^(\((idle|root)\)|dispatch$|post inspector)/

export const profiling = {
  profile: async (): Promise<void> => {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval })
    await session.post('Profiler.start')
  },
  profiled: async (): Promise<string[]> => expensive((await session.post('Profiler.stop')).profile),
  /** Watches what is allocated from now on. */
  sample: async (): Promise<void> => {
    await session.post('HeapProfiler.enable')
    await session.post('HeapProfiler.startSampling', { samplingInterval })
  },
  sampled: async (): Promise<string[]> => {
    const { profile } = await session.post('HeapProfiler.stopSampling')
    return alive(profile)
  },
}

/** The five functions with the most time of their own, in per cent of the time that was not idle. */
function expensive({ nodes, samples = [] }: Profiler.Profile): string[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const own = new Map<string, number>()
  for (const sample of samples) {
    const name = names.get(sample) ?? ''
    if (!foreign.test(name)) own.set(name, (own.get(name) ?? 0) + 1) // not its time, in which another process may have had the CPU
  }
  return topFive(own)
}

/** The five functions that allocated most of what is still alive, in per cent of that. */
function alive({ head }: HeapProfiler.SamplingHeapProfile): string[] {
  const own = new Map<string, number>()
  const add = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode) => {
    const name = nameOf(callFrame)
    if (selfSize > 0 && !foreign.test(name)) own.set(name, (own.get(name) ?? 0) + selfSize)
    for (const child of children) add(child)
  }
  add(head)
  return topFive(own)
}

function topFive(own: ReadonlyMap<string, number>): string[] {
  const all = [...own.values()].reduce((sum, cost) => sum + cost, 0)
  const sorted = [...own]
    .filter(([name]) => name !== '(program)') // native code that no function of JavaScript has called
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
  return sorted.map(([name, cost]) => `${name} ${((100 * cost) / all).toFixed(0)} %`)
}

function nameOf({ functionName, url, lineNumber }: Runtime.CallFrame): string {
  const file = url.replace(/^.*\//, '').replace(/^node:/, '')
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`
}
