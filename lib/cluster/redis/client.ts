/** The client of the package `redis`, and the one file that knows it. */
import { missingClient } from './errors.js'

export type Reply = unknown

/** The part of a client of the package `redis` that is used here. */
export interface Client {
  on(event: 'error', listener: (error: unknown) => void): unknown
  connect(): Promise<unknown>
  sendCommand(args: readonly string[]): Promise<Reply>
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>
  ping(): Promise<unknown>
  duplicate(): Client
  destroy(): void
}

export interface ConnectionPair {
  readonly commands: Client
  readonly messages: Client
}

export function destroy({ commands, messages }: ConnectionPair): void {
  for (const client of [commands, messages])
    try {
      client.destroy()
    } catch {
      // it has closed by itself
    }
}

/** The package is installed only in apps that use this store, so no bundler may resolve it. */
export async function loadClient(): Promise<{ createClient(options: object): Client }> {
  try {
    const client: unknown = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ 'redis')
    return client as { createClient(options: object): Client }
  } catch (cause) {
    throw missingClient(cause)
  }
}
