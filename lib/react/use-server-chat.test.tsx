// @vitest-environment happy-dom
/** The chat of the AI SDK over a state: the real `useChat`, a real hub, and a model of the test. */
import { Chat as Conversation, useChat } from '@ai-sdk/react'
import { convertToModelMessages, readUIMessageStream, streamText, toUIMessageStream, type UIMessage } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { type ReactElement, type ReactNode, StrictMode, Suspense } from 'react'
import { renderToReadableStream } from 'react-dom/server.edge'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { chatTransport, useServerChat } from '../doors/ai.js'
import { type ClientView, defineState, plain, Refusal } from '../doors/authors.js'
import { openPage, pageOf } from './page.fixture.js'
import { Painted } from './painted.js'
import { setPageTab } from './tab.js'

/** What the model is asked, and the ways to let it speak. */
class Call {
  readonly prompt: string
  readonly signal: AbortSignal | undefined
  private readonly controller: ReadableStreamDefaultController
  constructor(prompt: unknown, signal: AbortSignal | undefined, controller: ReadableStreamDefaultController) {
    this.prompt = JSON.stringify(prompt)
    this.signal = signal
    this.controller = controller
    controller.enqueue({ type: 'stream-start', warnings: [] })
    controller.enqueue({ type: 'text-start', id: 't' })
    signal?.addEventListener('abort', () => controller.error(signal.reason))
  }
  says(delta: string) {
    this.controller.enqueue({ type: 'text-delta', id: 't', delta })
  }
  fails(message: string) {
    this.controller.error(new Error(message))
  }
  ends() {
    this.controller.enqueue({ type: 'text-end', id: 't' })
    const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0, text: 1, reasoning: 0 }
    const usage = { inputTokens: tokens, outputTokens: tokens }
    this.controller.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage })
    this.controller.close()
  }
}

let calls: Call[]
beforeEach(() => {
  calls = []
})
afterEach(() => document.body.replaceChildren())

const model = new MockLanguageModelV4({
  doStream: async ({ prompt, abortSignal }) => ({
    stream: new ReadableStream({ start: (controller) => void calls.push(new Call(prompt, abortSignal, controller)) }),
  }),
})

const chat = defineState('chat', () => ({ messages: [] as UIMessage[], style: '' }))
  .tasks((background) => ({
    answer: background({ concurrency: 'single', again: 'restart', durable: true }, async ({ run, signal, update }) => {
      const before = await update((s) => plain(s.messages.filter(({ id }) => id !== run)))
      const { stream } = streamText({ model, messages: await convertToModelMessages(before), abortSignal: signal })
      const chunks = toUIMessageStream({ stream, generateMessageId: () => run, onError: (error) => `${error}` })
      for await (const message of readUIMessageStream<UIMessage>({ stream: chunks, terminateOnError: true }))
        await update((s) => put(s.messages, message))
    }),
  }))
  .events((on, { answer }) => ({
    send: on((s, message: UIMessage, body?: { style: string }) => {
      s.style = body?.style ?? ''
      if (JSON.stringify(message).includes('forbidden')) throw new Refusal('Not that.')
      put(s.messages, message)
      return answer()
    }),
    clear: on((s) => {
      s.messages = []
    }),
  }))

function put(messages: UIMessage[], message: UIMessage): void {
  const at = messages.findIndex(({ id }) => id === message.id)
  messages.splice(at < 0 ? messages.length : at, messages.length, message)
}

let helpers: ReturnType<typeof useChat>

function Chat() {
  helpers = useChat(useServerChat(chat))
  const { messages, status, error } = helpers
  return (
    <>
      {messages.map(({ id, role, parts }) => (
        <p key={id}>
          {role}: {parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}
        </p>
      ))}
      <i>{error ? `${status}: ${error.message}` : status}</i>
    </>
  )
}

const open = async (page = openPage([chat]), node = <Chat />) => {
  const root = await page.show(node)
  /** Streams of the platform move in turns of their own. */
  const until = async (isSo: () => boolean) => {
    for (const end = Date.now() + 3_000; !isSo(); ) {
      if (Date.now() > end) throw new Error(`It never came to that: ${page.container.innerHTML}`)
      await passes()
    }
  }
  const passes = () =>
    page.acting(async () => {
      await page.clock.advance(20)
      await new Promise((resolve) => setTimeout(resolve))
    })
  const state = () => page.tab.state(chat) as ClientView<typeof chat>
  return {
    ...page,
    root,
    until,
    passes,
    state,
    shows: (html: string) => until(() => page.container.innerHTML === html),
    send: (text: string) => page.acting(async () => void helpers.sendMessage({ text })),
    stop: () => page.acting(async () => void helpers.stop()),
    called: (count: number) => until(() => calls.length === count),
    idle: () => until(() => state().answer.running + state().answer.waiting === 0),
    /** The server dies, and the next one begins. */
    crash: async () => {
      page.kit.crash()
      page.tab.rewire(page.kit.hub, page.clock)
      await page.acting(() => page.tab.reconnect())
    },
    reload: async () => {
      await page.acting(async () => root.unmount())
      page.tab.wire.cut()
      const next = await open(pageOf(page.kit, page.tab))
      await next.live()
      return next
    },
  }
}
const opened = async (node?: ReactNode) => {
  const page = await open(undefined, node as ReactElement)
  await page.live()
  return page
}

it('a message is sent, and its answer grows in the page', async () => {
  const { send, called, shows } = await opened()
  await send('Hello')
  await called(1)
  expect(calls[0]?.prompt).toContain('Hello')
  calls[0]?.says('Good ')
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  calls[0]?.says('day.')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  await send('Again')
  await called(2)
  expect(calls[1]?.prompt).toContain('Good day.')
  calls[1]?.says('Sure.')
  calls[1]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><p>user: Again</p><p>assistant: Sure.</p><i>ready</i>')
})

it('a reload shows all messages and goes on with the answer', async () => {
  const first = await opened()
  await first.send('Hello')
  await first.called(1)
  calls[0]?.says('Good ')
  await first.shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  const { shows } = await first.reload()
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  expect(calls[0]?.signal?.aborted).toBe(false)
  calls[0]?.says('day.')
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>streaming</i>')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  expect(calls).toHaveLength(1)
})

it('stop ends the call of the model, also after a reload', async () => {
  const first = await opened()
  await first.send('Hello')
  await first.called(1)
  calls[0]?.says('Good ')
  await first.shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  const { stop, shows, idle, state } = await first.reload()
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  await stop()
  await idle()
  expect(calls[0]?.signal?.aborted).toBe(true)
  expect(state().answer.outcome).toBe('cancelled')
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>ready</i>')
})

it('stop before the message has reached the server ends its answer', async () => {
  const { send, stop, until, state, shows } = await opened()
  await send('Hello')
  await stop()
  await until(() => state().answer.outcome === 'cancelled')
  await shows('<p>user: Hello</p><i>ready</i>')
})

it('a chat that is left goes on, and is shown again', async () => {
  const { root, acting, send, called, shows, passes } = await opened(
    <StrictMode>
      <Chat />
    </StrictMode>,
  )
  await send('Hello')
  await called(1)
  calls[0]?.says('Good ')
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  await acting(async () => root.render(<p>Elsewhere</p>))
  calls[0]?.says('day')
  await passes()
  expect(calls[0]?.signal?.aborted).toBe(false)
  await acting(async () => root.render(<Chat />))
  await shows('<p>user: Hello</p><p>assistant: Good day</p><i>streaming</i>')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day</p><i>ready</i>')
})

it('a message that is typed before the page is connected is sent, and answered once', async () => {
  const page = await open()
  await page.send('Hello')
  await page.live()
  await page.called(1)
  calls[0]?.says('Good day.')
  calls[0]?.ends()
  await page.shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  expect(page.state().messages).toHaveLength(2)
})

it('a server that dies answers from the beginning, and the page waits until it has come so far', async () => {
  const { send, called, shows, crash, passes, container } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good day, ')
  await shows('<p>user: Hello</p><p>assistant: Good day, </p><i>streaming</i>')
  await crash()
  await called(2)
  expect(calls[1]?.prompt).not.toContain('Good day')
  calls[1]?.says('Good ')
  await passes()
  expect(container.innerHTML).toBe('<p>user: Hello</p><p>assistant: Good day, </p><i>streaming</i>')
  calls[1]?.says('day, you.')
  calls[1]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day, you.</p><i>ready</i>')
})

it('an answer that comes out differently the second time is shown as it is then', async () => {
  const { send, called, shows, crash, state } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good day, ')
  await shows('<p>user: Hello</p><p>assistant: Good day, </p><i>streaming</i>')
  await crash()
  await called(2)
  calls[1]?.says('Good evening')
  await shows('<p>user: Hello</p><p>assistant: Good evening</p><i>streaming</i>')
  calls[1]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good evening</p><i>ready</i>')
  expect(helpers.messages).toEqual(state().messages)
})

it('an answer that ends sooner the second time is shown as it is then', async () => {
  const { send, called, shows, crash } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good day, ')
  await shows('<p>user: Hello</p><p>assistant: Good day, </p><i>streaming</i>')
  await crash()
  await called(2)
  calls[1]?.says('Good')
  calls[1]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good</p><i>ready</i>')
})

it('a message that the server refuses, and an answer that fails, are errors of the chat', async () => {
  const { send, called, shows, until, text, state } = await opened()
  await send('forbidden')
  await shows('<p>user: forbidden</p><i>error: Not that.</i>')
  await send('Hello')
  await called(1)
  calls[0]?.says('Good ')
  calls[0]?.fails('The model is gone.')
  await until(() => helpers.status === 'error')
  expect(text()).toMatch(/^user: forbiddenuser: Helloassistant: Good error: Something went wrong \(reference \w+\)\.$/)
  expect(state().answer.error?.code).toBe('task-failed')
})

it('an answer is made again, and a message is edited, in the place of what was there', async () => {
  const { acting, send, called, shows, state } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good day.')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  await acting(async () => void helpers.regenerate())
  await called(2)
  expect(calls[1]?.prompt).not.toContain('Good day')
  calls[1]?.says('Hi.')
  calls[1]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Hi.</p><i>ready</i>')
  const messageId = helpers.messages[0]?.id ?? ''
  await acting(async () => void helpers.sendMessage({ text: 'Bye', messageId }))
  await called(3)
  calls[2]?.says('See you.')
  calls[2]?.ends()
  await shows('<p>user: Bye</p><p>assistant: See you.</p><i>ready</i>')
  expect(state().messages).toHaveLength(2)
})

it('an emptied chat is empty in the page as well', async () => {
  const { send, called, shows, done, state } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good day.')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  await done(() => state().clear())
  await shows('<i>ready</i>')
  await send('Again')
  await called(2)
  expect(calls[1]?.prompt).not.toContain('Good day')
  calls[1]?.ends()
  await shows('<p>user: Again</p><p>assistant: </p><i>ready</i>')
})

it('a message that the page has not sent is shown with its answer, also among others', async () => {
  const { done, called, shows, state, send } = await opened()
  const ask = (id: string, text: string) =>
    done(() => state().send({ id, role: 'user', parts: [{ type: 'text', text }] }))
  await ask('a', 'Hello')
  await called(1)
  calls[0]?.says('Good ')
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>ready</i>')
  await send('Again')
  await called(2)
  await ask('b', 'And?')
  await called(3)
  expect(calls[1]?.signal?.aborted).toBe(true)
  calls[2]?.says('Yes')
  calls[2]?.ends()
  await shows(
    '<p>user: Hello</p><p>assistant: Good </p><p>user: Again</p><p>assistant: </p><p>user: And?</p><p>assistant: Yes</p><i>ready</i>',
  )
})

it('another chat is shown in its place', async () => {
  const other = defineState('other', () => ({ messages: [greeting] }))
    .tasks((background) => ({ answer: background(async () => {}) }))
    .events((on, { answer }) => ({ send: on((_s, _message: UIMessage) => answer()) }))
  const Either = ({ isOther }: { isOther: boolean }) => {
    const { messages } = useChat(useServerChat(isOther ? other : chat))
    return messages.map(({ id }) => id).join()
  }
  const page = await open(openPage([chat, other]), <Either isOther />)
  await page.live()
  await page.shows('greeting')
  await page.acting(async () => page.root.render(<Either isOther={false} />))
  await page.shows('')
})
const greeting: UIMessage = { id: 'greeting', role: 'assistant', parts: [{ type: 'text', text: 'Good day.' }] }

it('an answer that was cancelled elsewhere ends, and the next message cancels the answer before it', async () => {
  const { send, called, shows, done, state, idle } = await opened()
  await send('Hello')
  await called(1)
  calls[0]?.says('Good ')
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  await done(() => state().answer.cancel())
  await shows('<p>user: Hello</p><p>assistant: Good </p><i>ready</i>')
  await send('Again')
  await called(2)
  calls[1]?.ends()
  await idle()
})

it('a resume while another one is under way stops nothing', async () => {
  const first = await opened()
  await first.send('Hello')
  await first.called(1)
  calls[0]?.says('Good ')
  const { acting, shows } = await first.reload()
  await acting(async () => void helpers.resumeStream())
  await acting(async () => void helpers.resumeStream())
  calls[0]?.says('day.')
  calls[0]?.ends()
  await shows('<p>user: Hello</p><p>assistant: Good day.</p><i>ready</i>')
  expect(calls[0]?.signal?.aborted).toBe(false)
})

it('a chat without a component connects, hands over a body, refuses what has no request, and stops', async () => {
  const { state, until } = await open(undefined, <i />)
  const conversation = new Conversation({ transport: chatTransport(chat) })
  void conversation.sendMessage({ text: 'Hello' }, { body: { style: 'short' } })
  await until(() => calls.length === 1)
  calls[0]?.says('Good ')
  await until(() => conversation.messages.length === 2)
  expect(state().style).toBe('short')
  void conversation.stop()
  await until(() => state().answer.outcome === 'cancelled')
  expect(calls[0]?.signal?.aborted).toBe(true)
  void conversation.sendMessage({ text: 'Again' }, { headers: { some: 'header' } })
  await until(() => conversation.status === 'error')
  expect(conversation.error?.message).toMatch(/sends no HTTP request, so headers/)
  expect(calls).toHaveLength(1)
})

it('messages that the server has rendered are there before the page is connected, and stay', async () => {
  const first = await opened()
  await first.send('Hello')
  await first.called(1)
  calls[0]?.says('Good ')
  await first.shows('<p>user: Hello</p><p>assistant: Good </p><i>streaming</i>')
  const { messages, answer } = first.state()
  await first.acting(async () => first.root.unmount())
  first.tab.wire.cut()
  const painting = Promise.resolve({
    mark: 'own',
    views: { chat: JSON.parse(JSON.stringify({ messages, style: '', answer })) },
  })
  const page = pageOf(first.kit, first.tab)
  setPageTab(page.tab.tab, (mark) => mark === 'own')
  const node = (
    <Suspense>
      <Painted painting={painting}>
        <Chat />
      </Painted>
    </Suspense>
  )
  const html = '<p>user: Hello</p><p>assistant: Good </p><i>ready</i>'
  expect((await onServer(node)).replaceAll('<!-- -->', '').replaceAll(/<!--.*?-->/g, '')).toBe(html)
  const { recovered } = await page.hydrate(await onServer(node), node)
  expect(recovered).toEqual([])
  const until = async (isSo: () => boolean) => {
    for (let turns = 0; !isSo(); turns += 1) {
      expect(page.text(), 'nothing of it is taken away meanwhile').toContain('user: Hello')
      if (turns > 200) throw new Error(`It never came to that: ${page.container.innerHTML}`)
      await page.advance(20)
      await page.acting(() => new Promise((resolve) => setTimeout(resolve)))
    }
  }
  await until(() => helpers.status === 'streaming')
  calls[0]?.says('day.')
  calls[0]?.ends()
  await until(() => page.text() === 'user: Helloassistant: Good day.ready')
})

async function onServer(node: ReactNode): Promise<string> {
  vi.stubGlobal('window', undefined)
  try {
    const stream = await renderToReadableStream(node)
    await stream.allReady
    return await new Response(stream).text()
  } finally {
    vi.unstubAllGlobals()
  }
}
