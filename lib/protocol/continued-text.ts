/**
 * The text that grew last on a subscription. A text that streams grows at its end in each message: its path is sent once, and after that the new
 * words alone. Both sides keep the same note of it, from a welcome on; so each message must be read once, in order.
 */
import type { Key, Patch } from '../delta/patch.js'
import { malformed } from './from-hub.js'

/** A patch; or the words that are added at the end of what the last splice of a text put in. */
export type WirePatch = Patch | string

export class ContinuedText {
  private path: readonly Key[] | undefined
  /** Where the words end that were put in last. */
  private end = 0

  /** The whole of the state is sent. */
  reset(): void {
    this.path = undefined
  }

  /** What to send of patches. */
  shorten(patches: readonly Patch[]): readonly WirePatch[] {
    let shortened: WirePatch[] | undefined
    for (let at = 0; at < patches.length; at += 1) {
      const patch = patches[at] as Patch
      const words = wordsIn(patch)
      if (words === undefined) continue
      if (this.continues(patch)) {
        shortened ??= [...patches]
        shortened[at] = words
      }
      this.note(patch, words)
    }
    return shortened ?? patches
  }

  /** The patches that `shorten` was given. */
  restore(patches: readonly WirePatch[]): readonly Patch[] {
    return patches.map((given) => {
      const patch = typeof given === 'string' ? this.continued(given) : given
      const words = wordsIn(patch)
      if (words !== undefined) this.note(patch, words)
      return patch
    })
  }

  private continued(words: string): Patch {
    if (!this.path) throw malformed('a continuation of a text that was not sent')
    return [this.path, this.end, 0, words]
  }

  private continues([path, start, count]: Patch): boolean {
    const { path: last } = this
    return (
      start === this.end && count === 0 && last?.length === path.length && path.every((key, at) => key === last[at])
    )
  }

  private note([path, start]: Patch, words: string): void {
    this.path = path
    this.end = Number(start) + words.length
  }
}

export const isTextSplice = (patch: Patch): boolean => wordsIn(patch) !== undefined

/** Of the splice of a text. */
const wordsIn = (patch: Patch): string | undefined => {
  const words: unknown = patch[3]
  return typeof words === 'string' ? words : undefined
}
