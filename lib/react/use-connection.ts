'use client'
import { useSyncExternalStore } from 'react'
import type { ConnectionStatus } from '../client/mirror.js'
import { currentMirror, initialMirror, subscribe } from './tab.js'

export type { ConnectionStatus }

/** How this page stands with the server: `connecting`, `live`, `reconnecting` or `offline`. */
export function useConnection(): ConnectionStatus {
  return useSyncExternalStore(
    subscribe,
    () => currentMirror().status,
    () => initialMirror().status,
  )
}
