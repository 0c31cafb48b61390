/**
 * A field that is not rewritten whole: its own text, and patches next to it. A patch that goes on where the one before it stopped in a text
 * is only what was added, as a JSON string: so a text that grows names its place once. Very many of these become one.
 */
import { processLimits } from '../base/server-limits.js'
import type { Key, Patch, TextSplice } from '../delta/patch.js'
import { isTextSplice } from '../delta/patch.js'
import { list } from '../protocol/from-hub.js'
import { readPatch, writePatch } from '../protocol/patches.js'

/** Lengths are in characters, as saved. */
export interface PatchedField {
  readonly length: number
  readonly patches: number
  readonly patchesLength: number
  /** Characters by which its texts have grown since it was written whole. */
  readonly grown: number
  readonly run: Run | undefined
  /** A patch of it is a splice of a text, which processes of earlier versions cannot read. */
  readonly isSpliced: boolean
}

/** Patches from the number `first` on that are one splice of a text: up to now, it has put in what is from `start` to `end`. */
interface Run {
  readonly path: readonly Key[]
  readonly start: number
  readonly deleteCount: number
  readonly end: number
  readonly first: number
  readonly length: number
}

/** A patch as it is saved, and the field after it. */
export interface Saved {
  readonly field: PatchedField
  readonly number: number
  readonly text: string
}

/** Just written whole. `undefined` if it is too small for patches. */
export const wholeField = (length: number): PatchedField | undefined =>
  length < processLimits.patchedText
    ? undefined
    : { length, patches: 0, patchesLength: 0, grown: 0, run: undefined, isSpliced: false }

/** What is saved of `patches`, which have made it `value`. `undefined` if it is to be written whole. */
export function patched(field: PatchedField, patches: readonly Patch[], value: unknown): Saved | undefined {
  const isSmall = field.length < processLimits.largeField
  if (isSmall && !patches.every(isTextSplice)) return undefined
  const text = textOf(field, patches)
  const next = after(field, patches, text)
  if (isSmall && 2 * text.length > field.length + field.grown) return undefined
  if (next.patchesLength > next.length + 2 * next.grown) return undefined
  if (next.patches <= processLimits.patchesOfField) return { field: next, number: next.patches, text }
  return joined(next, value)
}

/** Reads a patch: what it does to the field as it is now, and the field after it. */
export function unpatched(field: PatchedField, number: number, text: string): [PatchedField, readonly Patch[]] {
  const read: unknown = JSON.parse(text)
  const { run } = field
  if (typeof read === 'string' && run) {
    const patches: Patch[] = [[run.path, run.end, 0, read]]
    return [after(field, patches, text), patches]
  }
  const patches = list(read).map(readPatch)
  const [splice] = patches
  if (number > field.patches || !run || !splice || !isTextSplice(splice)) return [after(field, patches, text), patches]
  const [path, start, , words] = splice // instead of the run, all of it but what is new is there
  return [afterJoined(field, run, start + words.length, text), [[path, start, run.end - start, words]]]
}

const textOf = ({ run }: PatchedField, patches: readonly Patch[]): string => {
  const [splice] = patches
  const goesOn = run && patches.length === 1 && splice && isTextSplice(splice) && isNext(run, splice)
  return JSON.stringify(goesOn ? splice[3] : patches.map(writePatch))
}

const isNext = ({ path, end }: Run, [at, start, deleteCount]: TextSplice) =>
  start === end &&
  deleteCount === 0 &&
  at.length === path.length &&
  at.every((key, index) => Object.is(key, path[index]))

function after(field: PatchedField, patches: readonly Patch[], text: string): PatchedField {
  let { grown, isSpliced } = field
  for (const patch of patches)
    if (isTextSplice(patch)) {
      grown += patch[3].length - patch[2]
      isSpliced = true
    }
  const number = field.patches + 1
  const patchesLength = field.patchesLength + text.length
  return {
    length: field.length,
    patches: number,
    patchesLength,
    grown,
    run: runAfter(field, patches, number, text.length),
    isSpliced,
  }
}

function runAfter({ run }: PatchedField, patches: readonly Patch[], number: number, length: number): Run | undefined {
  const splice = patches.at(-1)
  if (!splice || !isTextSplice(splice)) return undefined
  const [path, start, deleteCount, words] = splice
  const end = start + words.length
  if (patches.length > 1 || length >= processLimits.largeField) return runFrom(path, end, number + 1)
  if (run && isNext(run, splice)) return { ...run, end, length: run.length + length }
  return { path, start, deleteCount, end, first: number, length }
}

const runFrom = (path: readonly Key[], start: number, first: number): Run => ({
  path,
  start,
  deleteCount: 0,
  end: start,
  first,
  length: 0,
})

/** One patch instead of the run, if that is most of them. */
function joined(field: PatchedField, value: unknown): Saved | undefined {
  const { run, patches } = field
  if (!run || patches - run.first < processLimits.patchesOfField / 2) return undefined
  const whole = run.path.reduce<unknown>(
    (box, key) => (box instanceof Map ? box.get(key) : (box as Record<string, unknown>)[key as string]),
    value,
  )
  const words = (whole as string).slice(run.start, run.end)
  const text = JSON.stringify([writePatch([run.path, run.start, run.deleteCount, words])])
  return { field: afterJoined(field, run, run.end, text), number: run.first, text }
}

function afterJoined(field: PatchedField, run: Run, end: number, text: string): PatchedField {
  return {
    length: field.length,
    patches: run.first,
    patchesLength: field.patchesLength - run.length + text.length,
    grown: field.grown + end - run.end,
    run: runFrom(run.path, end, run.first + 1),
    isSpliced: true,
  }
}
