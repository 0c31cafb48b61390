/** Texts that others have written, within bounds: for the wire, the store and the log. */

/** At most `length` characters; what was cut off is shown by an ellipsis, and no pair of surrogates is cut in half. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const end = length - 1
  const isHalf = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
  return ownCopy(`${text.slice(0, isHalf ? end - 1 : end)}…`)
}

/** A slice keeps the whole text in memory that it was taken from. */
const ownCopy = (slice: string): string => JSON.parse(JSON.stringify(slice))

/** On one line: control characters, line breaks and characters that turn the direction of writing are written as escapes. */
export const escaped = (text: string): string => text.replace(unsafe, escapeOf)

/** Whether `escaped` would change it. */
export const isSafe = (text: string): boolean => text.search(unsafe) < 0

const unsafe = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escapeOf = (character: string) =>
  short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Names the tab of a token in a log: the first of its characters, which open nothing. */
export const inTab = (token: string): string => `(tab ${token.slice(0, 8)})`
