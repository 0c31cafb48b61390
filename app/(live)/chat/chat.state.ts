/**
 * A chat with a model. The answer is a message of the state that grows, so it outlives a reload and, since the task is durable, the server: then
 * the model is asked once more, and the message has the id of its run in both attempts.
 */
import { convertToModelMessages, readUIMessageStream, streamText, toUIMessageStream, type UIMessage } from 'ai'
import { defineState, plain } from 'heldstate'
import { z } from 'zod'
import { model } from './model'

const question = z.object({
  id: z.string().max(64),
  role: z.literal('user'),
  parts: z.array(z.object({ type: z.literal('text'), text: z.string().trim().min(1).max(2000) })).length(1),
})

export const chat = defineState('chat', () => ({ messages: [] as UIMessage[] }))
  .tasks((background) => ({
    answer: background({ concurrency: 'single', again: 'restart', durable: true }, async ({ run, signal, update }) => {
      const asked = await update((s) => plain(s.messages.filter(({ id }) => id !== run)))
      const messages = await convertToModelMessages(asked)
      const { stream } = streamText({ model, messages, abortSignal: signal })
      const chunks = toUIMessageStream({ stream, generateMessageId: () => run })
      for await (const answer of readUIMessageStream<UIMessage>({ stream: chunks, terminateOnError: true }))
        await update((s) => put(s.messages, answer))
    }),
  }))
  .events((on, { answer }) => ({
    send: on(question, (s, message) => {
      put(s.messages, message)
      return answer()
    }),
    clear: on((s) => {
      s.messages = []
    }),
  }))

/** In the place of the message with its id, and of what follows that; or at the end. */
function put(messages: UIMessage[], message: UIMessage): void {
  const at = messages.findIndex(({ id }) => id === message.id)
  messages.splice(at < 0 ? messages.length : at, messages.length, message)
}
