'use client'
import type { ChatTransport, UIMessage } from 'ai'
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { type ChatDefinition, type ChatOwner, isKnown, transportOf, viewOf } from './chat-transport.js'
import { usePaint, viewIn } from './painted.js'
import { isSameSelection } from './same-selection.js'
import { isOwnMark, subscribe } from './tab.js'
import { useServerState } from './use-server-state.js'

/** Options of `useChat`. */
export interface ServerChat<Message extends UIMessage = UIMessage> {
  /** Another one when the chat of the page begins again, since the server has other messages. */
  readonly id: string
  /** With which the chat begins. */
  readonly messages: Message[]
  /** Whether the state has come, so that an answer that is being written can be taken up. */
  readonly resume: boolean
  /** Sends messages, and reads their answers from the state. */
  readonly transport: ChatTransport<Message>
}

/**
 * What `useChat` needs for a chat that the server keeps: `useChat(useServerChat(chat))`. After a reload it has its messages, and goes on with
 * the answer that is being written. `stop` ends the answer on the server, and leaving the page does not.
 */
export function useServerChat<Message extends UIMessage>(definition: ChatDefinition<Message>): ServerChat<Message> {
  const chat = definition.id
  const paint = usePaint()
  const isPainted = paint !== undefined && viewIn(paint, chat) !== undefined
  const isHere = useSyncExternalStore(
    subscribe,
    () => isKnown(definition) || (isPainted && isOwnMark(paint.mark)),
    () => isPainted,
  )
  const isSending = useSyncExternalStore(
    subscribe,
    () => viewOf(definition).send.pending,
    () => false,
  )
  const [own] = useState(() => ({ isShown: false, sent: new Set<string>() }))
  const transport = useMemo(() => transportOf(definition, own), [definition, own])
  const [begin, setBegin] = useState<Begin<Message>>()
  // the component need not render for each word: useChat does
  const messages = useServerState(definition, (view) => {
    const { messages } = view as unknown as { messages: Message[] }
    return begin && isSameSelection(begin.marks, marksOf(chat, isHere, messages)) ? undefined : messages
  })
  const next = begin && !messages ? begin : nextBegin(begin, marksOf(chat, isHere, messages), messages, isSending, own)
  if (next !== begin) setBegin(next)

  const { turn, marks } = next
  // of a component that goes, or a chat that is replaced, this is cleaned up before useChat stops what it was doing
  useEffect(() => {
    own.isShown = turn >= 0
    return () => {
      own.isShown = false
    }
  }, [own, turn])
  return { id: `${chat}-${turn}`, messages: next.messages, resume: marks.isHere, transport }
}

/** What the chat of the page began with, and what tells that it is the one of the server still. */
interface Begin<Message> {
  readonly turn: number
  readonly messages: Message[]
  readonly marks: Marks
}

interface Marks {
  readonly chat: string
  /** The state of the tab has come. */
  readonly isHere: boolean
  /** The id of the first message. */
  readonly first: string | undefined
  /** The id of the last message of the visitor. */
  readonly asked: string | undefined
}

const marksOf = (chat: string, isHere: boolean, messages: readonly UIMessage[] = []): Marks => ({
  chat,
  isHere,
  first: messages[0]?.id,
  asked: messages.findLast(({ role }) => role === 'user')?.id,
})

/** A chat begins again where the server has messages that neither it began with nor the page has sent. */
function nextBegin<Message extends UIMessage>(
  begin: Begin<Message> | undefined,
  marks: Marks,
  messages: Message[] = [],
  isSending: boolean,
  { sent }: ChatOwner,
): Begin<Message> {
  if (!begin) return { turn: 0, messages, marks }
  const before = begin.marks
  const again = { turn: begin.turn + 1, messages, marks }
  if (before.chat !== marks.chat) return again
  if (before.isHere) return marks.isHere && isOwn(before, marks, sent) ? { ...begin, marks } : again
  if (!marks.isHere || isSending) return begin // what is being sent is among the messages that come
  return isSameSelection(begin.messages, messages) ? { ...begin, marks } : again
}

/** Whether what has changed is what this page has sent. */
const isOwn = (before: Marks, { first, asked }: Marks, sent: ReadonlySet<string | undefined>): boolean =>
  (first === before.first || (before.first === undefined && sent.has(first))) &&
  (asked === before.asked || sent.has(asked))
