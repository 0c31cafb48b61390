/**
 * The message of an answer as `useChat` has it, and the chunks that bring it to what the server has. The server's may begin again, after
 * a crash: what comes the same way again is waited for, and only what differs is shown again, from the beginning of its step.
 */
import type { UIMessage, UIMessageChunk } from 'ai'
import { type ChatPart, chunksOf, follows, isBehind } from './chat-parts.js'
import { isSameSelection } from './same-selection.js'

export class ShownMessage {
  private parts: readonly ChatPart[]
  private metadata: unknown
  private isStarted = false

  /** `parts` that the page has of it already. */
  constructor(parts: readonly ChatPart[]) {
    this.parts = parts
  }

  /** The chunks to `message`, of which nothing further `isComing`; `undefined` where no chunks lead there. */
  next({ id, parts, metadata }: UIMessage, isComing: boolean): UIMessageChunk[] | undefined {
    const chunks = this.start(id, metadata)
    const wanted = isComing ? parts : parts.map(completed)
    const different = this.firstDifferent(wanted)
    if (different < this.parts.length) {
      if (isComing && this.mayStillCome(wanted, different)) return chunks
      const step = this.parts.findLastIndex(({ type }) => type === 'step-start') + 1
      if (different < step) return undefined
      chunks.push({ type: 'reset-step' })
      this.parts = this.parts.slice(0, step)
    }
    for (const [index, part] of wanted.entries()) chunks.push(...chunksOf(this.parts[index], part, index))
    this.parts = wanted
    return chunks
  }

  private start(messageId: string, messageMetadata: unknown): UIMessageChunk[] {
    const isChanged = messageMetadata !== undefined && !isSameSelection(this.metadata, messageMetadata)
    this.metadata = messageMetadata
    const metadata = isChanged ? { messageMetadata } : {}
    if (this.isStarted) return isChanged ? [{ type: 'message-metadata', messageMetadata }] : []
    this.isStarted = true
    return [{ type: 'start', messageId, ...metadata }]
  }

  /** The place of the first part that chunks cannot bring to the wanted one; the number of parts if there is none. */
  private firstDifferent(wanted: readonly ChatPart[]): number {
    const at = this.parts.findIndex((part, index) => {
      const next = wanted[index]
      return next === undefined || !follows(part, next)
    })
    return at < 0 ? this.parts.length : at
  }

  /** Whether the message is on its way to what the page has. */
  private mayStillCome(wanted: readonly ChatPart[], different: number): boolean {
    if (different >= wanted.length) return true
    const [shown, next] = [this.parts[different], wanted[different]]
    return different === wanted.length - 1 && shown !== undefined && next !== undefined && isBehind(shown, next)
  }
}

/** A text whose author does not say whether it is done is done once the answer is complete. */
const completed = (part: ChatPart): ChatPart =>
  (part.type === 'text' || part.type === 'reasoning') && part.state === undefined ? { ...part, state: 'done' } : part
