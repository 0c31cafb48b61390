/** How a page writes the messages that `parseUp` reads: tuples of a name and arguments. */
import type { Json } from '../base/encode.js'

/** A message that is answered by a settlement, without its subscription and its id, which it gets when it is sent. */
export type CallMessage =
  | readonly [name: 'call', definition: string, member: string, ...args: Json[]]
  | readonly [name: 'cancel', definition: string, task: string, ...run: string[]]
  /** `run` is the id of the run, or that of the call which starts it. */
  | readonly [name: 'wait', definition: string, task: string, run: string | number]
  | readonly [name: 'watch', definition: string, position: number]

export type WrittenUp =
  | readonly [name: CallMessage[0], subscription: number, id: number, ...args: Json[]]
  | readonly [name: 'open', subscription: number, address: string, watch: string[], ...began: number[]]
  | readonly [name: 'close' | 'resync', subscription: number]
  | readonly [name: 'heard', seq: number]

/** `former` is the position of the page that made the call, among those that the hello names; `undefined` for this page. */
export function writeCall(message: CallMessage, subscription: number, id: number, former?: number): WrittenUp {
  const [name, ...args] = message
  if (former === undefined) return [name, subscription, id, ...args]
  const [definition, member, given = name === 'call' ? [] : null] = args // arguments, or the run that is cancelled
  return [name, subscription, id, definition, member, given, former]
}
