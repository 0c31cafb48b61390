/** All texts that people read. Changing one is a decision: `npx vitest run lib/messages -u` writes the list. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { messagesIn, textsOf } from './messages.fixture.js'
import { banned } from './plain-words.fixture.js'

const lib = dirname(fileURLToPath(import.meta.url))
const messages = messagesIn(lib)

it('each text that a person can read is in the list', async () => {
  const paths = [...new Set(messages.map(({ path }) => path))]
  const sections = paths.map((path) => [
    path,
    ...messages.filter((each) => each.path === path).map(({ text }) => `  ${text}`),
  ])
  expect(messages.length).toBeGreaterThan(500)
  await expect(`${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot(
    join(lib, 'messages.txt'),
  )
})

it('a text is found wherever it is put together, and code is none', () => {
  const source = `
    import { a } from './some words.js'
    log.warn('Two words' + \` of \${name} are \${isFew ? 'one text' : 'x'}.\`)
    type T = 'a type is none'
    const names = ['one', 'kebab-case', 'PRAGMA busy_timeout = 0']
    throw new Error("It's here.")`
  expect(textsOf(source, 'a.ts')).toEqual(['Two words of {…} are {…}.', 'one text', "It's here."])
})

it('no text speaks in words that the field does not use', () => {
  const own = /\b(who has|what has|no more\b(?! than)|the bound|hands? on|let it|at the moment)\b/i
  const found = messages.filter(({ text }) => banned.test(text) || own.test(text))
  expect(found).toEqual([])
})
