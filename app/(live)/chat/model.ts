/**
 * Stands for a model of a provider, so that the demo needs no key: it says as many characters as the question names, a few at a time, and
 * logs when its call is aborted.
 */
import type { LanguageModel } from 'ai'

type Model = Extract<LanguageModel, { specificationVersion: 'v4' }>
type Part = Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer T> ? T : never

const charactersAtATime = 16
const pauseMs = 2

export const model: Model = {
  specificationVersion: 'v4',
  provider: 'demo',
  modelId: 'demo',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('The model of the demo streams.')),
  doStream: async ({ prompt, abortSignal }) => {
    const { content } = prompt.at(-1) ?? {}
    const text = answerTo(JSON.stringify(content))
    abortSignal?.addEventListener('abort', () => console.log(`The call of the model was aborted at ${Date.now()}.`))
    return { stream: streamOf(partsOf(text, abortSignal)) }
  },
}

const streamOf = (parts: AsyncGenerator<Part>) =>
  new ReadableStream<Part>({
    pull: async (controller) => {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })

/** A text of the length that the question names. */
export function answerTo(question: string): string {
  const length = Math.min(Number(/\d+/.exec(question)?.[0] ?? 800), 100_000)
  let text = ''
  for (let sentence = 1; text.length < length; sentence += 1) text += `This is sentence ${sentence} of the answer. `
  return text.slice(0, length)
}

async function* partsOf(text: string, signal: AbortSignal | undefined): AsyncGenerator<Part> {
  yield { type: 'stream-start', warnings: [] }
  yield { type: 'text-start', id: 'text' }
  for (let at = 0; at < text.length; at += charactersAtATime) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    signal?.throwIfAborted()
    yield { type: 'text-delta', id: 'text', delta: text.slice(at, at + charactersAtATime) }
  }
  yield { type: 'text-end', id: 'text' }
  const tokens = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
  const usage = { inputTokens: tokens, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }
  yield { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage }
}
