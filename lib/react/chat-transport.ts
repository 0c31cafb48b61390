/**
 * A transport for the `useChat` of the AI SDK over a state that keeps a chat. The answer is in the state, so its stream is made in the page,
 * of what the mirror shows: it outlives reloads and lost connections, and nothing but the state goes over the socket.
 */
import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai'
import { HeldStateError } from '../base/errors.js'
import { shownOf } from '../client/mirror.js'
import type { TaskStatus } from '../protocol/task-status.js'
import type { Definition, Shape } from '../state/definition.js'
import { ShownMessage } from './chat-message.js'
import { currentMirror, handleOf, pageTab, subscribe } from './tab.js'

interface ChatShape<Message extends UIMessage> extends Shape {
  readonly public: { messages: Message[] }
  readonly events: { send: unknown }
  readonly tasks: { answer: unknown }
}

/** A state that keeps a chat: `messages`, the event `send`, which takes the next one, and the task `answer`, which the event starts. */
export type ChatDefinition<Message extends UIMessage = UIMessage> = Definition<ChatShape<Message>>

/** What the transport uses of the state as a component has it. */
export interface ChatView {
  readonly messages: readonly UIMessage[]
  readonly send: ((...args: unknown[]) => Promise<unknown>) & { readonly pending: boolean }
  readonly answer: TaskStatus & { readonly cancel: () => Promise<unknown> }
}

/**
 * `useChat({ transport: chatTransport(chat) })`. A message is sent by `chat.send(message)`: it takes the place of the message with its id, and
 * what came after that is void. `stop` cancels `chat.answer`. In a component, `useServerChat(chat)` brings the messages along and goes on after a
 * reload; it also tells `stop` from a page that is left.
 */
export const chatTransport = <Message extends UIMessage>(definition: ChatDefinition<Message>): ChatTransport<Message> =>
  transportOf(definition, { isShown: true, sent: new Set() })

/** The component with the chat. */
export interface ChatOwner {
  /** Whether an abort means that the answer is to stop, and not only that the page does not listen any more. */
  readonly isShown: boolean
  /** Ids of messages that it has sent. */
  readonly sent: Set<string>
}

export function transportOf<Message extends UIMessage>(
  definition: ChatDefinition<Message>,
  owner: ChatOwner,
): ChatTransport<Message> {
  const view = () => viewOf(definition)
  let resumes = 0
  /** The server has the message first. A resume aborts the one before it, which is no stop. */
  const stopOn = (signal: AbortSignal | undefined, sent: Promise<unknown>) =>
    signal?.addEventListener('abort', () => {
      const before = resumes
      if (!owner.isShown) return
      const cancel = () => before === resumes && void view().answer.cancel()
      sent.then(cancel, () => {}) // a message that was refused has no answer
    })
  return {
    resumeStreamIsReplay: true,
    sendMessages: async ({ messages, abortSignal, body, headers, metadata }) => {
      const asked = messages.at(-1)
      if (!asked) throw new HeldStateError('invalid-arguments', 'There is no message to send.')
      if (headers || metadata !== undefined) throw new HeldStateError('invalid-arguments', noRequest)
      owner.sent.add(asked.id)
      const leave = subscribe(() => {}) // connects, where no component does
      const sent = view().send(asked, ...(body === undefined ? [] : [body]))
      stopOn(abortSignal, sent)
      await sent.finally(leave)
      return answerTo(asked, view, asked.role === 'assistant' ? asked.parts : [], abortSignal)
    },
    reconnectToStream: async ({ abortSignal }) => {
      resumes += 1
      await until(() => isKnown(definition) && !view().send.pending, abortSignal)
      const asked = view().messages.findLast(({ role }) => role === 'user')
      if (abortSignal?.aborted || !asked || !isRunning(view())) return null
      stopOn(abortSignal, Promise.resolve())
      return answerTo(asked, view, [], abortSignal)
    },
  }
}

const noRequest =
  'A heldstate chat sends no HTTP request, so headers and request metadata are not supported. Set `metadata` on the message, or pass a `body`.'

export const viewOf = (definition: ChatDefinition): ChatView =>
  handleOf(definition).snapshot(currentMirror()) as unknown as ChatView

/** Whether the hub has sent the state of this tab. */
export const isKnown = ({ id }: ChatDefinition): boolean => shownOf(currentMirror()).views.has(pageTab().watch(id))

const isRunning = ({ answer }: ChatView) => answer.running + answer.waiting > 0

function until(isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!signal?.aborted && !isSo()) return
      unsubscribe()
      signal?.removeEventListener('abort', look)
      resolve()
    }
    const unsubscribe = subscribe(look)
    signal?.addEventListener('abort', look)
    look()
  })
}

type Controller = ReadableStreamDefaultController<UIMessageChunk>

/** The answer to a message, from what the page has of it on. */
function answerTo(
  asked: UIMessage,
  view: () => ChatView,
  parts: UIMessage['parts'],
  signal: AbortSignal | undefined,
): ReadableStream<UIMessageChunk> {
  let leave = () => {}
  return new ReadableStream<UIMessageChunk>({
    start: (controller) => {
      const shown = new ShownMessage(parts)
      const look = () => {
        if (signal?.aborted || follow(shown, asked, view(), controller)) close()
      }
      const close = () => {
        leave()
        controller.close()
      }
      const unsubscribe = subscribe(look)
      leave = () => {
        leave = () => {}
        unsubscribe()
        signal?.removeEventListener('abort', look)
      }
      signal?.addEventListener('abort', look)
      look()
    },
    cancel: () => leave(),
  })
}

/** Says what is new of the answer; whether it is complete now. */
function follow(shown: ShownMessage, asked: UIMessage, view: ChatView, controller: Controller): boolean {
  const at = view.messages.findIndex(({ id }) => id === asked.id)
  const answers = view.messages.slice(asked.role === 'assistant' ? at : at + 1)
  const isComing = at >= 0 && isRunning(view) && answers.length < 2
  const [answer] = at < 0 ? [] : answers
  const chunks = answer?.role === 'assistant' ? shown.next(answer, isComing) : []
  for (const chunk of chunks ?? [{ type: 'error' as const, errorText: begunAgain }]) controller.enqueue(chunk)
  if (!isComing && chunks) controller.enqueue(lastChunk(view))
  return !isComing || !chunks
}

const begunAgain = 'The server restarted this answer, and the new one differs. Reload the page to see it.'

function lastChunk({ answer }: ChatView): UIMessageChunk {
  if (answer.error) return { type: 'error', errorText: answer.error.message }
  return answer.outcome === 'cancelled' ? { type: 'abort' } : { type: 'finish' }
}
