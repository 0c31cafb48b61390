'use client'
import type { ChatTransport, UIMessage } from 'ai'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { type ChatDefinition, type ChatOwner, isKnown, transportOf, viewOf } from './chat-transport.js'
import { usePaint, viewIn } from './painted.js'
import { isSameSelection } from './same-selection.js'
import { subscribe } from './tab.js'
import { useServerState } from './use-server-state.js'

/** Options of `useChat`. */
export interface ServerChat<Message extends UIMessage = UIMessage> {
  /** Another one when the chat begins again: when its state has come to the page, and when it was emptied. */
  readonly id: string
  /** With which the chat begins. */
  readonly messages: Message[]
  readonly resume: boolean
  readonly transport: ChatTransport<Message>
}

/**
 * What `useChat` needs for a chat that the server keeps: `useChat(useServerChat(chat))`. After a reload it has its messages, and goes on with
 * the answer that is being written. `stop` ends the answer on the server, and leaving the page does not.
 */
export function useServerChat<Message extends UIMessage>(definition: ChatDefinition<Message>): ServerChat<Message> {
  const paint = usePaint()
  const isHere = useSyncExternalStore(
    subscribe,
    () => isKnown(definition),
    () => paint !== undefined && viewIn(paint, definition.id) !== undefined,
  )
  const isSending = useSyncExternalStore(
    subscribe,
    () => viewOf(definition).send.pending,
    () => false,
  )
  const [own] = useState(() => ({ isShown: false, sent: new Set<string>() }))
  const [transport] = useState(() => transportOf(definition, own))
  const [begin, setBegin] = useState<Begin<Message>>()
  // the component need not render for each word: useChat does
  const messages = useServerState(definition, (chat) => {
    const { messages } = chat as unknown as { messages: Message[] }
    return begin?.isHere && begin.first === messages[0]?.id ? undefined : messages
  })
  const next = messages || !isHere ? nextBegin(begin, { isHere, isSending, messages, own }) : (begin as Begin<Message>)
  if (next !== begin) setBegin(next)

  const { turn } = next
  // of a component that goes, or a chat that is replaced, this is cleaned up before useChat stops what it was doing
  useEffect(() => {
    own.isShown = turn >= 0
    return () => {
      own.isShown = false
    }
  }, [own, turn])
  return { id: `${definition.id}-${turn}`, messages: next.messages, resume: next.isHere, transport }
}

/** What the chat of the page began with. */
interface Begin<Message> {
  readonly turn: number
  /** The state of the tab had come. */
  readonly isHere: boolean
  readonly messages: Message[]
  /** The id of the first message, which may have come since. */
  readonly first: string | undefined
}

interface Now<Message> {
  readonly isHere: boolean
  readonly isSending: boolean
  /** Left out where the first is the same as before. */
  readonly messages: Message[] | undefined
  readonly own: ChatOwner
}

/** A chat begins again where what the page shows of it is not what the server has. */
function nextBegin<Message extends UIMessage>(begin: Begin<Message> | undefined, now: Now<Message>): Begin<Message> {
  const { isHere, isSending, messages = [], own } = now
  const first = messages[0]?.id
  if (!begin) return { turn: 0, isHere, messages, first }
  const again = { turn: begin.turn + 1, isHere, messages, first }
  if (begin.isHere)
    return isHere && begin.first === undefined && own.sent.has(first ?? '') ? { ...begin, first } : again
  if (!isHere || isSending) return begin // what is being sent is among the messages that come
  return isSameSelection(begin.messages, messages) ? { ...begin, isHere } : again
}
