/** What the AI SDK makes of the chunks is the message that the server has, whichever states of it the page has seen. */
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShownMessage } from './chat-message.js'

const streamOf = (chunks: readonly UIMessageChunk[]) =>
  new ReadableStream<UIMessageChunk>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

/** All states of a message that the SDK goes through. */
async function statesOf(chunks: readonly UIMessageChunk[], message?: UIMessage): Promise<UIMessage[]> {
  const states: UIMessage[] = []
  const given = { stream: streamOf(chunks), terminateOnError: true }
  for await (const state of readUIMessageStream(message ? { ...given, message } : given)) states.push(state)
  return states
}

/** As JSON has it: members without a value come and go. */
const bare = (message: UIMessage | undefined) => message && JSON.parse(JSON.stringify(message))

const text = (id: string, ...deltas: string[]): UIMessageChunk[] => [
  { type: 'text-start', id },
  ...deltas.map((delta) => ({ type: 'text-delta' as const, id, delta })),
  { type: 'text-end', id, providerMetadata: { some: { kept: true } } },
]
const reasoning = (id: string, ...deltas: string[]): UIMessageChunk[] => [
  { type: 'reasoning-start', id },
  ...deltas.map((delta) => ({ type: 'reasoning-delta' as const, id, delta })),
  { type: 'reasoning-end', id },
]
const input = { city: 'Ulm' }
const called = (toolCallId: string): UIMessageChunk[] => [
  { type: 'tool-input-start', toolCallId, toolName: 'weather', title: 'The weather' },
  { type: 'tool-input-delta', toolCallId, inputTextDelta: '{"city":' },
  { type: 'tool-input-delta', toolCallId, inputTextDelta: '"Ulm"}' },
  { type: 'tool-input-available', toolCallId, toolName: 'weather', input, providerMetadata: { some: { id: 1 } } },
]
const data: UIMessageChunk[] = [
  { type: 'data-progress', id: 'p', data: { done: 1 } },
  { type: 'data-progress', id: 'p', data: { done: 2 } },
  { type: 'data-note', data: 'once' },
]
const kinds: Readonly<Record<string, readonly UIMessageChunk[]>> = {
  text: text('1', 'Good ', 'day'),
  reasoning: reasoning('r', 'So', ' it is'),
  'two texts at a time': [
    { type: 'text-start', id: 'a' },
    { type: 'text-start', id: 'b' },
    { type: 'text-delta', id: 'a', delta: 'A' },
    { type: 'text-delta', id: 'b', delta: 'B' },
    { type: 'text-end', id: 'b' },
    { type: 'text-delta', id: 'a', delta: 'A' },
    { type: 'text-end', id: 'a' },
  ],
  'a tool with output': [...called('c'), { type: 'tool-output-available', toolCallId: 'c', output: { degrees: 20 } }],
  'a tool with outputs one after the other': [
    ...called('c'),
    { type: 'tool-output-available', toolCallId: 'c', output: 1, preliminary: true },
    { type: 'tool-output-available', toolCallId: 'c', output: 2 },
  ],
  'a dynamic tool': [
    { type: 'tool-input-available', toolCallId: 'd', toolName: 'find', input, dynamic: true, providerExecuted: true },
    { type: 'tool-output-available', toolCallId: 'd', output: 'found' },
  ],
  'a tool that fails': [...called('c'), { type: 'tool-output-error', toolCallId: 'c', errorText: 'No weather' }],
  'a tool with a wrong input': [
    { type: 'tool-input-error', toolCallId: 'c', toolName: 'weather', input: 'Ulm', errorText: 'No city' },
  ],
  'a tool that is approved': [
    ...called('c'),
    { type: 'tool-approval-request', approvalId: 'ok', toolCallId: 'c', reason: 'Costs money' },
    { type: 'tool-approval-response', approvalId: 'ok', approved: true, reason: 'Yes' },
    { type: 'tool-output-available', toolCallId: 'c', output: 1 },
  ],
  'a tool that is denied': [
    ...called('c'),
    { type: 'tool-approval-request', approvalId: 'ok', toolCallId: 'c' },
    { type: 'tool-approval-response', approvalId: 'ok', approved: false },
    { type: 'tool-output-denied', toolCallId: 'c' },
  ],
  'sources and files': [
    { type: 'source-url', sourceId: 's', url: 'https://example.org', title: 'A page' },
    { type: 'source-document', sourceId: 't', mediaType: 'text/plain', title: 'A file', filename: 'a.txt' },
    { type: 'file', url: 'data:text/plain,a', mediaType: 'text/plain' },
    { type: 'reasoning-file', url: 'data:text/plain,b', mediaType: 'text/plain' },
    { type: 'custom', kind: 'some.kind' },
  ],
  data,
  'several steps': [
    ...called('c'),
    { type: 'tool-output-available', toolCallId: 'c', output: 1 },
    { type: 'finish-step' },
    { type: 'start-step' },
    ...text('1', 'It is', ' warm'),
  ],
  metadata: [{ type: 'message-metadata', messageMetadata: { tokens: 1 } }, ...text('1', 'a')],
}
const message = (chunks: readonly UIMessageChunk[]): UIMessageChunk[] => [
  { type: 'start', messageId: 'm', messageMetadata: { model: 'some' } },
  { type: 'start-step' },
  ...chunks,
  { type: 'finish-step' },
]

/** What a page has after it has seen these states. */
async function shownOf(states: readonly UIMessage[], before?: UIMessage): Promise<UIMessage | undefined> {
  const shown = new ShownMessage(before?.parts ?? [])
  const chunks = states.flatMap((state, index) => shown.next(state, index < states.length - 1) ?? expect.fail())
  return (await statesOf(chunks, before)).at(-1)
}

describe.each(Object.entries(kinds))('%s', (_kind, chunks) => {
  it('comes to be as the server has it, over any of its states', async () => {
    const states = await statesOf(message(chunks))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: states.length, maxLength: states.length }), async (seen) => {
        const some = states.filter((_, index) => seen[index] || index === states.length - 1)
        expect(bare(await shownOf(some))).toEqual(bare(states.at(-1)))
      }),
      { numRuns: 20 },
    )
  })

  it('goes on from the state that the page was left with', async () => {
    const [first, ...rest] = await statesOf(message([...text('0', 'Before'), { type: 'start-step' }, ...chunks]))
    expect(bare(await shownOf(rest, first))).toEqual(bare(rest.at(-1)))
  })

  it('comes to be as the server has it where another beginning of its step was shown', async () => {
    const states = await statesOf(message(chunks))
    const others = await statesOf(message([...reasoning('x', 'Hm'), ...text('y', 'Good night')]))
    const last = states.at(-1) as UIMessage
    if (last.parts.filter(({ type }) => type === 'step-start').length > 1) return
    expect(bare(await shownOf([...others, ...states]))).toEqual(bare(last))
  })
})

it('the same beginning again changes nothing of what is shown', async () => {
  const states = await statesOf(message(text('1', 'Good ', 'day')))
  const shown = new ShownMessage([])
  for (const state of states.slice(0, -1)) shown.next(state, true)
  for (const state of states.slice(0, -1)) expect(shown.next(state, true)).toEqual([])
  expect(shown.next(states.at(-1) as UIMessage, false)).toMatchObject([{ type: 'text-end' }])
})

it('an earlier step that comes out differently cannot be shown', async () => {
  const two = (words: string) =>
    statesOf(message([...text('1', words), { type: 'finish-step' }, { type: 'start-step' }, ...text('2', 'And')]))
  const shown = new ShownMessage([])
  for (const state of await two('Good day')) shown.next(state, true)
  const results = (await two('Good night')).map((state) => shown.next(state, true))
  expect(results).toContain(undefined)
})

it('a text of which nobody says whether it is done is done at the end', async () => {
  const of = (text: string): UIMessage => ({ id: 'm', role: 'assistant', parts: [{ type: 'text', text }] })
  expect((await shownOf([of('Go'), of('Good')]))?.parts).toEqual([{ type: 'text', text: 'Good', state: 'done' }])
})
