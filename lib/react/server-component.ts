/**
 * What the hooks are in the modules of server components, where React has none: a failure that says where to call them. Without it, Next would
 * fail with words of its own, which name neither a way out nor `getState`.
 */
import { HeldStateError } from '../base/errors.js'

function clientOnly(message: string): () => never {
  return function refuse() {
    const error = new HeldStateError('client-only', message)
    Error.captureStackTrace?.(error, refuse) // its first line is the author's
    throw error
  }
}

const hook = (name: string, instead = '') =>
  clientOnly(
    `${name} is a hook for client components, and a server component called it. Put 'use client' in the first line of the file that calls it${instead}.`,
  )

const orRead = ", or read the state with getState from 'heldstate/server'"

export const useServerState = hook('useServerState', orRead)
export const useServerChat = hook('useServerChat', orRead)
export const useServerForm = hook('useServerForm')
export const useConnection = hook('useConnection')
export const heldFetch = clientOnly(
  "heldFetch names the tab of the page that calls it, and a server component called it. Read the state with getState from 'heldstate/server'.",
)
export const chatTransport = clientOnly(
  "chatTransport is for client components, and a server component called it. Put 'use client' in the first line of the file that calls it.",
)
