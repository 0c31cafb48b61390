'use client'
import { useChat } from '@ai-sdk/react'
import { useServerChat } from 'heldstate/ai'
import { useServerState } from 'heldstate/react'
import { Failure, textOf, useAttempt } from '../attempt'
import { chat } from './chat.state'

export function Chat() {
  const { messages, sendMessage, status, stop, error } = useChat(useServerChat(chat))
  const clear = useServerState(chat, (c) => c.clear)
  const { failure, attempt } = useAttempt()
  const busy = status === 'submitted' || status === 'streaming'
  return (
    <section className="card" aria-label="Chat">
      {messages.map(({ id, role, parts }) => (
        <p key={id} className={role}>
          {parts.map((part) => (part.type === 'text' ? part.text : ''))}
        </p>
      ))}
      <form className="row" action={(form) => void sendMessage({ text: String(form.get('text')) })}>
        <label htmlFor="text">Ask</label>
        <input id="text" name="text" autoComplete="off" defaultValue="Write 16000 characters" />
        <button type="submit" className="main" aria-disabled={busy}>
          Send
        </button>
        <button type="button" aria-disabled={!busy} onClick={() => void stop()}>
          Stop
        </button>
        <button type="button" onClick={() => attempt(clear)}>
          Clear
        </button>
        <span role="status">{status}</span>
      </form>
      <Failure>{failure ?? (error && textOf(error))}</Failure>
    </section>
  )
}
