/** What an author and a component may do with a chat, by its types. */
import { useChat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { expectTypeOf } from 'vitest'
import { chatTransport, useServerChat } from '../doors/ai.js'
import { type ClientView, defineState } from '../doors/authors.js'

type Own = UIMessage<{ model: string }, { progress: { done: number } }>
const chat = defineState('chat', () => ({ messages: [] as Own[] }))
  .tasks((background) => ({
    answer: background(async (self) => {
      expectTypeOf(self.state.messages.map(({ parts }) => parts.length)).toEqualTypeOf<number[]>()
    }),
  }))
  .events((on, { answer }) => ({ send: on((_s, _message: Own) => answer()) }))

expectTypeOf(useServerChat(chat).messages).toEqualTypeOf<Own[]>()
expectTypeOf(useChat(useServerChat(chat)).messages).toEqualTypeOf<Own[]>()
expectTypeOf(useChat({ transport: chatTransport(chat) }).messages).toEqualTypeOf<Own[]>()

// the messages of a state can be read, though their types have no end
const view = {} as ClientView<typeof chat>
const texts = view.messages.map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
expectTypeOf(texts).toEqualTypeOf<string[]>()
expectTypeOf(view.messages[0]?.metadata?.model).toEqualTypeOf<string | undefined>()

const noAnswer = defineState('d', () => ({ messages: [] as Own[] })).events((on) => ({ send: on((_s, _m: Own) => {}) }))
// @ts-expect-error a state without the task `answer` is no chat
chatTransport(noAnswer)
const noMessages = defineState('d', () => ({ list: [] as Own[] }))
  .tasks((background) => ({ answer: background(async () => {}) }))
  .events((on) => ({ send: on((_s, _m: Own) => {}) }))
// @ts-expect-error nor is one without `messages`
useServerChat(noMessages)
