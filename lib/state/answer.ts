/** What an event or a task has returned: what is to follow it, and its reply, as it is remembered and sent. */
import { encode, type Json } from '../base/encode.js'
import { HeldStateError } from '../base/errors.js'
import { handlerLimits } from '../base/server-limits.js'
import { bytesOf } from '../protocol/bounds.js'
import { type Reply, returnedIn } from './reply.js'
import type { Trigger } from './trigger.js'

export interface Answer {
  readonly triggers: readonly Trigger[]
  /** Encoded. */
  readonly reply: Json | undefined
}

/** `where` names the handler, and `line` says where it is. Throws for what it may not return, and for a reply that cannot be sent. */
export function answerIn(value: unknown, where: () => string, line: Error | undefined): Answer {
  if (value === undefined) return nothing
  const { triggers, reply } = returnedIn(value, where, line)
  return { triggers, reply: reply && encodeReply(reply, where, line) }
}

const nothing: Answer = { triggers: [], reply: undefined }

function encodeReply({ value }: Reply, where: () => string, line: Error | undefined): Json {
  const encoded = encode(value)
  const bytes = bytesOf(JSON.stringify(encoded))
  if (bytes <= handlerLimits.replyBytes) return encoded
  throw new HeldStateError(
    'invalid-reply',
    `${where()} replied with ${bytes} bytes; a reply may have at most ${handlerLimits.replyBytes} (limit "replyBytes"). Store large data in state and ` +
      'reply with its key: return reply({ id }).',
    { cause: line },
  )
}
