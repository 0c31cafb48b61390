/**
 * What makes one text of another: units between a beginning and an end that both have. Texts are compared in stretches, which the engine does
 * about as fast as it copies memory.
 */

/** `deleteCount` units at `start` give way to `words`. */
export interface TextChange {
  readonly start: number
  readonly deleteCount: number
  readonly words: string
}

/** `undefined` where the whole of `after` is as short. No pair of surrogates is cut, neither in `before` nor in `after`. */
export function textChange(before: string, after: string): TextChange | undefined {
  const shorter = Math.min(before.length, after.length)
  if (shorter === 0) return undefined
  let start = commonHead(before, after, shorter)
  if (isPair(before, start) || isPair(after, start)) start -= 1
  let end = commonTail(before, after, shorter - start)
  if (isPair(before, before.length - end) || isPair(after, after.length - end)) end -= 1
  const deleteCount = before.length - end - start
  const come = after.length - end - start
  if (come + digits(start) + digits(deleteCount) + 2 >= after.length) return undefined
  return { start, deleteCount, words: after.slice(start, start + come) }
}

/** Whether a pair of surrogates stands around the place `at`. */
export const isPair = (text: string, at: number): boolean => (text.codePointAt(at - 1) ?? 0) > 0xffff

/** How many a number has. */
function digits(number: number): number {
  let count = 1
  for (let rest = number; rest >= 10; rest /= 10) count += 1
  return count
}

/** So many units are looked at one by one as fast. */
const few = 48

/** Units at the start of both, at `most` so many. */
function commonHead(a: string, b: string, most: number): number {
  if (most > few) return common(most, (at, length) => a.slice(at, at + length) === b.slice(at, at + length))
  let at = 0
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  return at
}

function commonTail(a: string, b: string, most: number): number {
  if (most > few) return common(most, (at, length) => tail(a, at, length) === tail(b, at, length))
  let at = 0
  while (at < most && a.charCodeAt(a.length - 1 - at) === b.charCodeAt(b.length - 1 - at)) at += 1
  return at
}

/** So many units that end `at` units before the end. */
const tail = (text: string, at: number, length: number) => text.slice(text.length - at - length, text.length - at)

/** The length of the longest stretch from 0 on that is the same. Nearly always, that is all of it. */
function common(most: number, isSame: (at: number, length: number) => boolean): number {
  if (isSame(0, most)) return most
  let at = 0
  for (let left = most; left > 1; ) {
    const half = left >> 1
    const same = isSame(at, half)
    if (same) at += half
    left = same ? left - half : half
  }
  return at
}
