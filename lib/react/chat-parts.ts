/**
 * The chunks of one part of a message: what `useChat` must hear to make of the part that it has the part that the server has. A part
 * follows another if chunks can do that, and is behind it if it may still come to be the same.
 */
import type { UIMessage, UIMessageChunk } from 'ai'
import { isSameSelection } from './same-selection.js'

export type ChatPart = UIMessage['parts'][number]
type TextPart = Extract<ChatPart, { type: 'text' | 'reasoning' }>
type ToolPart = Extract<ChatPart, { toolCallId: string }>

const isText = (part: ChatPart): part is TextPart => part.type === 'text' || part.type === 'reasoning'
const isTool = (part: ChatPart): part is ToolPart => 'toolCallId' in part

/** How far a call of a tool has come. */
const stages: Readonly<Record<ToolPart['state'], number>> = {
  'input-streaming': 0,
  'input-available': 1,
  'approval-requested': 2,
  'approval-responded': 3,
  'output-available': 4,
  'output-error': 4,
  'output-denied': 4,
}

export function follows(shown: ChatPart, next: ChatPart): boolean {
  if (shown === next) return true
  if (isText(shown) && isText(next) && shown.type === next.type) {
    if (shown.state === 'done') return next.state === 'done' && next.text === shown.text
    return next.text.startsWith(shown.text)
  }
  if (isTool(shown) && isTool(next)) {
    if (shown.toolCallId !== next.toolCallId || shown.type !== next.type) return false
    return (
      stages[next.state] > stages[shown.state] || (next.state === shown.state && rawOf(next).startsWith(rawOf(shown)))
    )
  }
  if (isData(shown) && isData(next) && shown.id !== undefined) return shown.type === next.type && shown.id === next.id
  return isSameSelection(shown, next)
}

export function isBehind(shown: ChatPart, next: ChatPart): boolean {
  if (isText(shown) && isText(next)) return shown.type === next.type && shown.text.startsWith(next.text)
  return isTool(shown) && isTool(next) && shown.toolCallId === next.toolCallId && follows(next, shown)
}

/** `next` follows `shown`, or is new. `index` is its place in the message. */
export function chunksOf(shown: ChatPart | undefined, next: ChatPart, index: number): UIMessageChunk[] {
  if (shown === next) return []
  if (isText(next)) return chunksOfText(shown as TextPart | undefined, next, index)
  if (isTool(next)) return chunksOfTool(shown as ToolPart | undefined, next)
  if (next.type === 'step-start') return shown ? [] : [{ type: 'start-step' }]
  return shown && isSameSelection(shown, next) ? [] : [next] // of all others, the chunk has the members of the part
}

function chunksOfText(shown: TextPart | undefined, next: TextPart, index: number): UIMessageChunk[] {
  const { type } = next
  const id = (next.type === 'reasoning' && next.id) || String(index)
  const provider = given({ providerMetadata: next.providerMetadata })
  const chunks: UIMessageChunk[] = shown ? [] : [{ type: `${type}-start`, id, ...provider }]
  const delta = next.text.slice(shown?.text.length ?? 0)
  if (delta) chunks.push({ type: `${type}-delta`, id, delta })
  if (next.state === 'done' && shown?.state !== 'done')
    chunks.push({
      type: `${type}-end`,
      id,
      ...provider,
      ...given({ citations: 'citations' in next && next.citations }),
    })
  return chunks
}

function chunksOfTool(shown: ToolPart | undefined, next: ToolPart): UIMessageChunk[] {
  const { toolCallId } = next
  const call = callOf(next)
  const result = given({ providerMetadata: 'resultProviderMetadata' in next && next.resultProviderMetadata })
  const stage = shown ? stages[shown.state] : -1
  if (next.state === 'input-streaming') {
    const inputTextDelta = rawOf(next).slice(shown ? rawOf(shown).length : 0)
    const start = { type: 'tool-input-start' as const, ...call, ...given({ inputEncoding: next.inputEncoding }) }
    const chunks: UIMessageChunk[] = shown ? [] : [start]
    return inputTextDelta ? [...chunks, { type: 'tool-input-delta', toolCallId, inputTextDelta }] : chunks
  }
  const { input, approval } = next
  // a call that failed already is shown, and not handed to onToolCall; what the error brings along is kept as that of its result
  if (next.state === 'output-error' && stage < 1) {
    const { providerMetadata, ...error } = { ...call, input, errorText: next.errorText }
    return [
      { type: 'tool-input-start', ...call },
      { type: 'tool-input-error', ...error, ...result },
    ]
  }
  const chunks: UIMessageChunk[] = stage < 1 ? [{ type: 'tool-input-available', ...call, input }] : []
  if (approval) chunks.push(...chunksOfApproval(toolCallId, approval, stage))
  if (next.state === 'output-denied' && stage < 4) chunks.push({ type: 'tool-output-denied', toolCallId })
  if (next.state === 'output-error' && stage < 4)
    chunks.push({ type: 'tool-output-error', toolCallId, errorText: next.errorText, ...result })
  if (next.state === 'output-available' && !(shown && isSameSelection(shown, next))) {
    const preliminary = given({ preliminary: next.preliminary })
    chunks.push({ type: 'tool-output-available', toolCallId, output: next.output, ...preliminary, ...result })
  }
  return chunks
}

function callOf(part: ToolPart) {
  const { toolCallId, providerExecuted, toolMetadata, title, callProviderMetadata: providerMetadata } = part
  const isDynamic = part.type === 'dynamic-tool'
  const toolName = part.type === 'dynamic-tool' ? part.toolName : part.type.slice('tool-'.length)
  return {
    toolCallId,
    toolName,
    ...given({ dynamic: isDynamic || undefined, providerExecuted, toolMetadata, title, providerMetadata }),
  }
}

type Approval = NonNullable<ToolPart['approval']>

function chunksOfApproval(toolCallId: string, approval: Approval, stage: number): UIMessageChunk[] {
  const {
    id: approvalId,
    approved,
    descriptor,
    requestReason,
    reason,
    isAutomatic,
    signature,
    inputSchemaInput,
  } = approval
  const asked = given({
    approvalDescriptor: descriptor,
    reason: requestReason,
    isAutomatic,
    signature,
    inputSchemaInput,
  })
  const chunks: UIMessageChunk[] = []
  if (stage < 2) chunks.push({ type: 'tool-approval-request', approvalId, toolCallId, ...asked })
  if (stage < 3 && approved !== undefined)
    chunks.push({ type: 'tool-approval-response', approvalId, approved, ...given({ reason }) })
  return chunks
}

type DataPart = { type: `data-${string}`; id?: string; data: unknown }
const isData = (part: ChatPart): part is ChatPart & DataPart => part.type.startsWith('data-')

/** The text of the arguments of a tool, while it comes. */
const rawOf = (part: ToolPart): string => (part.state === 'input-streaming' ? (part.rawInput ?? '') : '')

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined | false> }

/** The members that have a value. */
const given = <T extends object>(members: T): Given<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== false)) as Given<T>
