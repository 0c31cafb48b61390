'use client'
import { useId, useRef, useState } from 'react'
import { Failure, textOf } from './attempt'

interface Props {
  readonly label: string
  readonly type: 'text' | 'number'
  /** The value that the server holds. */
  readonly held: string
  /** Sends what was typed; rejects if the server refuses it. */
  readonly send: (text: string) => Promise<void>
}

/**
 * An input whose value is held on the server. While somebody types, the input shows what they type, because what the
 * server holds is one round trip old and would put the caret and the letters out of order. Once they leave it, and the
 * server has answered, it shows what the server holds again.
 */
export function HeldField({ label, type, held, send }: Props) {
  const id = useId()
  const [typed, setTyped] = useState<string>()
  const [failure, setFailure] = useState<string>()
  const focused = useRef(false)
  const newest = useRef<Promise<void>>(Promise.resolve())

  const change = (text: string) => {
    setTyped(text)
    setFailure(undefined)
    if (type === 'number' && text === '') return // on the way from one number to the next
    const sent = send(text).catch((error: unknown) => {
      if (newest.current === sent) setFailure(textOf(error))
    })
    newest.current = sent
  }
  const leave = async () => {
    focused.current = false
    await newest.current
    if (!focused.current) setTyped(undefined)
  }

  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={typed ?? held}
        onChange={(event) => change(event.target.value)}
        onFocus={() => {
          focused.current = true
        }}
        onBlur={leave}
        autoComplete="off"
        aria-invalid={failure !== undefined && typed !== undefined}
        aria-describedby={failure ? `${id}-failure` : undefined}
        {...(type === 'number' ? { min: 1, step: 1, inputMode: 'numeric' as const } : {})}
      />
      <Failure id={`${id}-failure`}>{failure}</Failure>
    </div>
  )
}
