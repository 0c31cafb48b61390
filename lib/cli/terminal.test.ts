import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { answerTo } from './terminal.js'

it.each([
  [[''], true],
  [['yes'], true],
  [['n'], false],
  [['No'], false],
  [['npm run dev', 'y'], true],
  [['npm run dev', 'n'], false],
])('of the lines %j, the first that says yes or no is the answer', async (typed, answer) => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const asked = answerTo('Make these changes?', input, output)
  for (const line of typed) {
    await once(output, 'data')
    input.write(`${line}\n`)
  }
  expect(await asked).toBe(answer)
})

it('the end of the input is a no', async () => {
  const input = new PassThrough()
  const asked = answerTo('Make these changes?', input, new PassThrough())
  input.end()
  expect(await asked).toBe(false)
})
