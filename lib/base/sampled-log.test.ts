import { expect, it } from 'vitest'
import { TestClock } from '../testing/clock.js'
import { SampledLog } from './sampled-log.js'
import { logLimits } from './server-limits.js'

function open() {
  const clock = new TestClock()
  const lines: string[] = []
  const errors: unknown[] = []
  const note = (level: string) => (message: string, error?: unknown) => {
    lines.push(`${level}: ${message}`)
    errors.push(error)
  }
  const log = new SampledLog({ info: note('info'), warn: note('warn'), error: note('error') }, clock)
  return { clock, lines, errors, log }
}

it('the first line is written at once, with the error itself', () => {
  const { log, lines, errors, clock } = open()
  const error = new Error('no', { cause: new Error('why') })
  log.error('It failed.', error)
  log.info('ready')
  log.info('ready')
  expect(lines).toEqual(['error: It failed.', 'info: ready', 'info: ready'])
  expect(errors[0]).toBe(error)
  expect(clock.running).toBe(0)
})

it('the same line is written once a minute, with how many were left out', async () => {
  const { log, lines, errors, clock } = open()
  for (let count = 0; count < 100; count += 1) log.error('It failed.', new Error('no'))
  expect(lines).toEqual(['error: It failed.'])
  await clock.advance(60_000)
  expect(lines.slice(1)).toEqual(['error: 99 similar lines were omitted in the last 60 s: It failed.'])
  expect(errors[1]).toBeUndefined()
  log.error('It failed.', new Error('no'))
  expect(lines).toHaveLength(3)
  expect(clock.running).toBe(0)
})

it('one line that was left out is counted in the singular', async () => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 2; count += 1) log.error('It failed.', new Error('no'))
  await clock.advance(60_000)
  expect(lines.at(-1)).toBe('error: 1 similar line was omitted in the last 60 s: It failed.')
})

it.each<[string, (words: string) => [string, unknown]]>([
  ['the message', (words: string) => [words, new Error('Event "add" of state "d" threw')]],
  ['the error', (words: string) => ['Task "t" of state "d" failed.', new Error(words)]],
  ['a number', (words: string) => [`${words.length} of ${words.length}`, undefined]],
])('of lines that differ in %s alone, a few are written', async (_, line) => {
  const { log, lines, clock } = open()
  for (let count = 0; count < 500; count += 1) log.error(...line(`${'x'.repeat(count)} is no city`))
  expect(lines).toHaveLength(logLimits.logLinesOfKind)
  await clock.advance(60_000)
  expect(lines.at(-1)).toContain('490 similar lines were omitted')
})

it('the first line with each reference is written, also beside many of the same words', () => {
  const { log, lines } = open()
  const line = (reference: string) =>
    `Event "a" of state "d" threw. Visitors read: "Something went wrong (reference ${reference})."`
  for (let count = 0; count < 500; count += 1) log.error(line('12345678'), new Error(`no ${'x'.repeat(count)}`))
  expect(lines).toHaveLength(logLimits.logLinesOfKind)
  log.error(line('abcdef01'), new Error('no x'))
  expect(lines.at(-1)).toContain('abcdef01')
})

it('another event is heard beside one that fills the log', () => {
  const { log, lines } = open()
  for (let count = 0; count < 500; count += 1)
    log.error(`no ${'x'.repeat(count)}`, new Error('Event "a" of state "d" threw'))
  log.error('not found', new Error('Event "b" of state "d" threw'))
  log.warn('The store is away.')
  expect(lines.slice(-2)).toEqual(['error: not found', 'warn: The store is away.'])
})

it('words of strangers make no lines and no long ones', () => {
  const { log, lines, errors } = open()
  const words = `${'a'.repeat(900_000)}\nheldstate: all is well`
  log.error(words, new Error('threw', { cause: new Error(words) }))
  log.error('b\nheldstate: all is well', new Error('c\n    at forged (file.js:1:1)\u001b[2J'))
  log.warn('d', `e\n${words}`)
  expect(lines.every((line) => line.length < 2_100 && !line.includes('\n'))).toBe(true)
  const [first, second, third] = errors as [Error, Error, string]
  expect(String((first.cause as Error).stack).length).toBeLessThan(7_000)
  expect(second.message).toBe('c\\n    at forged (file.js:1:1)\\u001b[2J')
  expect(second.stack?.split('\n').slice(0, 2)).toEqual([
    'Error: c\\n    at forged (file.js:1:1)\\u001b[2J',
    expect.stringContaining('sampled-log.test'),
  ])
  expect(third).toHaveLength(logLimits.logText + 1) // its one line break is written with two characters
})

it('its memory is bounded, whatever is written', () => {
  const { log, lines, clock } = open()
  const letters = (count: number) =>
    count.toString().replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] as string)
  for (let count = 0; count < 5_000; count += 1) log.warn(`${letters(count)} ${'x'.repeat(100_000)}`)
  expect(lines.length).toBeLessThanOrEqual(logLimits.logKinds + logLimits.logLinesOfKind)
  expect(clock.running).toBe(1)
  log.close()
  expect(lines.at(-1)).toContain('similar lines were omitted')
  expect(clock.running).toBe(0)
})
