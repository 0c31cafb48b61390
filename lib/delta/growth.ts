/**
 * How texts of snapshots have grown, where `append` has said it: then a diff needs no look at them, which would cost as much as they are long.
 * A container is marked with the line of words that one of its texts is part of. What is not known is compared.
 */
import type { NoteGrowth } from './scope.js'

/** A shorter text is compared as fast. */
const longText = 256
/** Units of words that a line remembers: a page that has missed more is sent what a comparison finds. */
const mostUnits = 100_000

/** A text, as its length when it was marked first and the words that came since. */
class Line {
  length: number
  private from: number
  private ends: number[] = []
  private words: string[] = []

  constructor(length: number) {
    this.length = length
    this.from = length
  }

  add(words: string): void {
    this.length += words.length
    this.ends.push(this.length)
    this.words.push(words)
    if (this.length - this.from <= 2 * mostUnits) return
    const kept = this.ends.findIndex((end) => this.length - end <= mostUnits)
    this.from = this.ends[kept] as number
    this.ends = this.ends.slice(kept + 1)
    this.words = this.words.slice(kept + 1)
  }

  /** From one of its lengths to a later one. */
  between(from: number, to: number): string | undefined {
    if (from < this.from) return undefined
    let last = this.ends.length
    while (last > 0 && (this.ends[last - 1] as number) > to) last -= 1
    let first = last
    while (first > 0 && (this.ends[first - 1] as number) > from) first -= 1
    return this.words.slice(first, last).join('')
  }
}

interface Mark {
  readonly line: Line
  readonly length: number
}

/** By container, its texts that are known by key. */
const marks = new WeakMap<object, Map<unknown, Mark>>()
/** Most apps need none of this. */
let isUsed = false

/** A text that a draft has made of one of its snapshot by adding words. */
interface Addition {
  readonly text: string
  readonly words: string
}

/** By container of a snapshot, what drafts of it have added to its texts since. Other drafts may have been given up. */
const additions = new WeakMap<object, Map<unknown, Addition>>()

/** In a draft of the container `base`, the text `before` becomes `text` by `words` at its end. */
export function noteAddition(base: object, key: unknown, before: string, words: string, text: string): void {
  isUsed = true
  const known = additions.get(base)
  const addition = known?.get(key)
  const goesOn = addition !== undefined && addition.text === before
  if (!goesOn && before !== textIn(base, key)) return
  const next = { text, words: goesOn ? addition.words + words : words }
  if (known) known.set(key, next)
  else additions.set(base, new Map([[key, next]]))
}

export const noteGrowth: NoteGrowth = (before, after) => {
  if (!isUsed) return
  const [known, added] = [marks.get(before), additions.get(before)]
  if (known) for (const [key, mark] of known) if (textIn(before, key) === textIn(after, key)) markText(after, key, mark)
  if (!added) return
  additions.delete(before)
  for (const [key, { text, words }] of added) {
    const was = textIn(before, key)
    if (was === undefined || was.length < longText || words.length > mostUnits || textIn(after, key) !== text) continue
    const line = lineOf(before, key, was.length)
    line.add(words)
    markText(after, key, { line, length: line.length })
  }
}

/** The line that ends with this text. One that has gone on from here in a change that was not kept is another. */
function lineOf(container: object, key: unknown, length: number): Line {
  const known = marks.get(container)?.get(key)
  if (known && known.line.length === length) return known.line
  const line = new Line(length)
  markText(container, key, { line, length })
  return line
}

function markText(container: object, key: unknown, mark: Mark): void {
  const known = marks.get(container)
  if (known) known.set(key, mark)
  else marks.set(container, new Map([[key, mark]]))
}

const textIn = (container: object, key: unknown): string | undefined => {
  const value =
    container instanceof Map ? container.get(key) : (container as Record<PropertyKey, unknown>)[key as string]
  return typeof value === 'string' ? value : undefined
}

/** `view` has texts of `fields`, under the same names. */
export function shareGrowth(fields: object, view: object): void {
  const known = isUsed ? marks.get(fields) : undefined
  if (known) marks.set(view, known)
}

/** What was added to the text of `before` under `key` to make that of `after`, if that is known. */
export function growth(before: object, after: object, key: unknown): string | undefined {
  if (!isUsed) return undefined
  const [was, is] = [marks.get(before)?.get(key), marks.get(after)?.get(key)]
  if (!was || !is || was.line !== is.line || was.length > is.length) return undefined
  const words = is.line.between(was.length, is.length)
  return words === undefined || beginsLow(words) ? undefined : words
}

/** It may complete a pair of surrogates. */
const beginsLow = (words: string) => words.charCodeAt(0) >> 10 === 0x37
