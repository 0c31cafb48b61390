'use client'
/**
 * A ready-made word on the connection. It shows nothing while all is well, nor for a moment's loss; after that it says
 * what the page does, and offers to try at once. It brings no stylesheet: `className` or `[data-heldstate-connection]`
 * restyles it.
 */
import { type CSSProperties, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useConnection } from './use-connection.js'

export interface ConnectionStatusProps {
  /** Milliseconds without a connection before it shows. Default: 1500, since most losses are shorter. */
  readonly after?: number
  readonly className?: string
  /** Your own words, or a translation, instead of the English ones. */
  readonly words?: Partial<Words>
}

interface Words {
  readonly connecting: string
  readonly reconnecting: string
  readonly offline: string
  readonly stalled: string
  readonly lost: string
  readonly retry: string
  /** Behind the words for a lost connection, where changes wait for it. */
  readonly waiting: (changes: number) => string
}

const english: Words = {
  connecting: 'Connecting…',
  reconnecting: 'Connection lost. Reconnecting…',
  offline: 'You are offline.',
  stalled: 'The server cannot save right now. Changes wait up to 30 seconds.',
  lost: 'The server no longer has the data of this page. The page starts over.',
  retry: 'Try now',
  waiting: (changes) => (changes === 1 ? '1 change is waiting.' : `${changes} changes are waiting.`),
}

export function ConnectionStatus({ after = 1_500, className, words }: ConnectionStatusProps) {
  const { status, stalled, lost, waiting, retry } = useConnection()
  const isTroubled = status !== 'live' || stalled || lost
  const shown = useLasting(isTroubled, lost ? 0 : after)
  const said = { ...english, ...words }
  const word = status !== 'live' ? said[status] : stalled ? said.stalled : said.lost
  return (
    <div
      role="status"
      aria-live="polite"
      data-heldstate-connection={status}
      className={className}
      style={className === undefined && shown ? box : undefined}
    >
      {shown && isTroubled ? (
        <>
          <span>{waiting > 0 ? `${word} ${said.waiting(waiting)}` : word}</span>
          {status === 'offline' || status === 'live' ? null : (
            <TryNow retry={retry} isPlain={className === undefined}>
              {said.retry}
            </TryNow>
          )}
        </>
      ) : null}
    </div>
  )
}

interface TryNowProps {
  readonly retry: () => void
  readonly isPlain: boolean
  readonly children: string
}

/** It vanishes while somebody is on it, and then gives the focus back to where it came from. */
function TryNow({ retry, isPlain, children }: TryNowProps) {
  const element = useRef<HTMLButtonElement>(null)
  const before = useRef<Element | null>(null)
  useLayoutEffect(() => {
    const shown = element.current
    return () => {
      if (shown && shown === document.activeElement) (before.current as HTMLElement | null)?.focus?.()
    }
  }, [])
  return (
    <button
      ref={element}
      type="button"
      onClick={retry}
      onFocus={({ relatedTarget }) => {
        before.current = relatedTarget
      }}
      style={isPlain ? button : undefined}
    >
      {children}
    </button>
  )
}

/** True once `value` has been true for so many milliseconds; false at once. */
function useLasting(value: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!value) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  }, [value, ms])
  return lasting && value
}

/** Milliseconds that a timer of a browser can count; with more, it would not wait at all. */
const longestTimer = 2 ** 31 - 1

const box: CSSProperties = {
  position: 'fixed',
  insetInline: 0,
  bottom: 16,
  marginInline: 'auto',
  width: 'fit-content',
  maxWidth: 'calc(100vw - 32px)',
  boxSizing: 'border-box',
  display: 'flex',
  gap: 12,
  alignItems: 'center',
  padding: '10px 14px',
  borderRadius: 10,
  font: '14px/1.4 system-ui, sans-serif',
  color: '#fff',
  background: '#26262b',
  boxShadow: '0 4px 20px rgb(0 0 0 / 0.3)',
  zIndex: 2147483000,
}

const button: CSSProperties = {
  flexShrink: 0,
  padding: '4px 10px',
  font: 'inherit',
  color: 'inherit',
  background: 'transparent',
  border: '1px solid currentColor',
  borderRadius: 6,
  cursor: 'pointer',
}
