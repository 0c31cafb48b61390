import { expect, test } from 'vitest'
import { processLimits } from '../base/server-limits.js'
import { TestClock } from '../testing/clock.js'
import { Troubles } from './troubles.js'

function setUp() {
  const clock = new TestClock()
  const lines: string[] = []
  const note = (message: string) => void lines.push(message)
  return { clock, lines, troubles: new Troubles(clock, { info: note, warn: note, error: note }) }
}

test('an origin that is refused is named once, with what was expected and what to do', () => {
  const { lines, troubles } = setUp()
  for (let times = 0; times < 3; times += 1) troubles.foreign('https://shop.example', '10.0.0.7:3000', undefined)
  expect(lines).toEqual([
    expect.stringMatching(
      /"https:\/\/shop\.example" was rejected: its requests name the host "10\.0\.0\.7:3000"\. .*X-Forwarded-Host/,
    ),
  ])
})

test('however many origins are tried, the log is not filled, nor by long ones', () => {
  const { lines, troubles } = setUp()
  for (let n = 0; n < 3 * processLimits.namedOrigins; n += 1)
    troubles.foreign(`http://${n}\n${'x'.repeat(9_000)}`, 'a', 'b')
  expect(lines).toHaveLength(processLimits.namedOrigins)
  expect(lines.every((line) => line.length < 600 && !line.includes('\n'))).toBe(true)
})

test('a full hub and pages that poll are said once a minute', async () => {
  const { clock, lines, troubles } = setUp()
  for (let times = 0; times < 3; times += 1) {
    troubles.full(7)
    troubles.full(7)
    troubles.polling()
    await clock.advance(processLimits.troublePauseMs)
  }
  expect(lines).toHaveLength(6)
  expect(lines[2]).toContain('(1 more since the last such line.)')
  expect(lines[0]).toContain('there are 7 connections (limit "connections"')
  expect(lines[1]).toContain('forward Upgrade and Connection')
})
