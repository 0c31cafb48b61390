/** An answer that streams: what a page shows of it is exact, over lost connections and a server that dies, and costs what is new. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { append, defineState } from '../doors/authors.js'
import { diskStore, memoryStore } from '../doors/server.js'
import { testHub } from '../testing/kit.js'

const dir = mkdtempSync(join(tmpdir(), 'heldstate-texts-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Message {
  text: string
  tokens: number
}

const chat = defineState('chat', () => ({ text: '', messages: [] as Message[], byId: new Map<string, string>() }))
  .computed({ words: ({ text }) => text.length })
  .events((on) => ({
    ask: on((s) => {
      s.messages.push({ text: '', tokens: 0 })
      s.byId.set('a', '')
    }),
    say: on((s, words: string) => {
      append(s, 'text', words)
      append(s.byId, 'a', words)
      append(s.messages.at(-1) as Message, 'text', words)
    }),
    write: on({ optimistic: (s, words: string) => void (s.text += words) }, (s, words: string) => {
      if (words === 'no') throw new Error('refused')
      s.text += words
      const last = s.messages.at(-1)
      if (last) last.text += words
      s.byId.set('a', `${s.byId.get('a')}${words}`)
    }),
    cut: on((s, length: number) => {
      s.text = s.text.slice(0, length)
    }),
  }))

const tokens = Array.from(
  { length: 400 },
  (_, index) => ['the ', 'fox ', '😀', '\ud83d', '\ude00 ', '"quoted"\n'][index % 6] as string,
)

describe.each([
  ['memory', () => memoryStore(new Map())],
  ['disk', () => diskStore({ dir: join(dir, 'state') })],
])('over the store %s', (_, store) => {
  test.each(['say', 'write'] as const)('a page shows all that was written by %s', async (way) => {
    const kit = testHub([chat], { store: store() })
    const tab = await kit.open()
    await tab.watch(chat)
    await kit.done(tab.state(chat).ask())
    let all = ''
    for (const [index, words] of tokens.entries()) {
      if (index === 150) tab.drop()
      if (index === 170) tab.reconnect()
      const said = tab.state(chat)[way](words)
      if (index < 150 || index >= 170) await kit.done(said)
      else said.catch(() => {})
      all += words
      if (index === 300) {
        all = all.slice(0, 500)
        await kit.done(tab.state(chat).cut(500))
      }
    }
    await kit.clock.settle()
    const { text, messages, byId, words } = tab.state(chat)
    expect(text).toBe(all)
    expect(words).toBe(all.length)
    expect([messages[0]?.text, byId.get('a')]).toEqual([tokens.join(''), tokens.join('')])
    const other = await kit.open()
    expect((await other.watch(chat)).text).toBe('')
  })
})

test('what a page is sent of a text is about what is new', async () => {
  const kit = testHub([chat])
  const tab = await kit.open()
  await tab.watch(chat)
  await kit.done(tab.state(chat).ask())
  await kit.done(tab.state(chat).say('x'.repeat(5_000)))
  for (const way of ['say', 'write'] as const) {
    const before = tab.wire.received.length
    await kit.done(tab.state(chat)[way]('abcd'))
    const came = JSON.stringify(tab.wire.received.slice(before))
    expect(came).toContain('"abcd"')
    expect(came.length).toBeLessThan(300)
  }
})

test('an optimistic += is shown at once, stays over what the hub says meanwhile, and is taken back when it is refused', async () => {
  const kit = testHub([chat])
  const tab = await kit.open()
  await tab.watch(chat)
  await kit.done(tab.state(chat).ask())
  await kit.done(tab.state(chat).write('x'.repeat(1_000)))
  const [good, bad] = [tab.state(chat).write('abc'), tab.state(chat).write('no')]
  const refused = expect(kit.done(bad)).rejects.toThrow()
  expect(tab.state(chat).text).toBe(`${'x'.repeat(1_000)}abcno`)
  await kit.done(good)
  await refused
  expect(tab.state(chat).text).toBe(`${'x'.repeat(1_000)}abc`)
})
