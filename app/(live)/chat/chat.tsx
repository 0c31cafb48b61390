'use client'
import { useChat } from '@ai-sdk/react'
import { useServerChat } from 'heldstate/ai'
import { useServerState } from 'heldstate/react'
import { Failure, textOf, useAttempt } from '../attempt'
import { chat } from './chat.state'

const words = { ready: 'ready', submitted: 'asked', streaming: 'the model writes', error: 'failed' } as const

export function Chat() {
  const { messages, sendMessage, status, stop, error } = useChat(useServerChat(chat))
  const clear = useServerState(chat, (c) => c.clear)
  const { failure, attempt } = useAttempt()
  const busy = status === 'submitted' || status === 'streaming'
  const send = (form: FormData) => {
    if (!busy) void sendMessage({ text: String(form.get('text')) })
  }
  return (
    <section className="card" aria-label="Chat">
      {messages.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
        <div className="talk" role="group" aria-label="Messages" tabIndex={0}>
          <div>
            {messages.map(({ id, role, parts }) => (
              <p key={id} className={role}>
                {parts.map((part) => (part.type === 'text' ? part.text : ''))}
              </p>
            ))}
          </div>
        </div>
      )}
      <form className="row" action={send}>
        <label htmlFor="text">Ask</label>
        <input
          id="text"
          name="text"
          autoComplete="off"
          defaultValue="Write 16000 characters"
          required
          maxLength={2000}
        />
        <button type="submit" className="main" aria-disabled={busy}>
          Send
        </button>
        <button type="button" aria-disabled={!busy} onClick={() => busy && void stop()}>
          Stop
        </button>
        <button type="button" onClick={() => attempt(clear)}>
          Clear
        </button>
        <span role="status">{words[status]}</span>
      </form>
      <Failure>{failure ?? (error && textOf(error))}</Failure>
    </section>
  )
}
