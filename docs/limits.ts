/**
 * The tables of limits in the page "Limits and environment", made from `limits.ts`, `server-limits.ts` and `crowd-limits.ts` of `lib/base`:
 * the doc comment of each limit says its unit and its reason.
 * They stand between two comments of the page, so that the rest of it is written by hand.
 */
import { readFileSync } from 'node:fs'
import * as ofCrowds from '../lib/base/crowd-limits.js'
import * as ofPages from '../lib/base/limits.js'
import * as ofServer from '../lib/base/server-limits.js'

/** All limits, by their names. */
export const values: Readonly<Record<string, number>> = Object.assign(
  {},
  ...Object.values({ ...ofPages, ...ofServer, ...ofCrowds }),
)

interface Table {
  readonly heading: string
  readonly first: 'default' | 'value'
  /** Of the source. */
  readonly constants: readonly string[]
}

/** In the order of the page. */
export const tables: readonly Table[] = [
  { heading: 'Limits you can change', first: 'default', constants: ['pageBounds', 'hubBounds'] },
  { heading: 'Fixed limits of connections and of crowds', first: 'value', constants: ['edgeLimits', 'crowdLimits'] },
  {
    heading: 'Fixed limits of handlers, tasks and the log',
    first: 'value',
    constants: ['handlerLimits', 'logLimits', 'textLimits'],
  },
  { heading: 'Fixed limits of the process and its store', first: 'value', constants: ['processLimits'] },
  { heading: 'Fixed limits of the page', first: 'value', constants: ['pageLimits'] },
]

export interface Limit {
  readonly name: string
  readonly value: number
  /** The doc comment. */
  readonly reason: string
}

const between = /(<!-- limits of lib\/base\/limits\.ts[^>]*-->\n)[\s\S]*?(<!-- end of the limits -->)/

/** The page, with its tables as the source has them. */
export function withLimits(page: string): string {
  if (!between.test(page)) throw new Error('The page has no place for the tables of limits.')
  const sections = tables.map(
    ({ heading, first, constants }) =>
      `### ${heading}\n\n| limit | ${first} | unit | what it bounds, and why this much |\n|---|---|---|---|\n${constants.flatMap(limitsOf).map(row).join('\n')}\n`,
  )
  return page.replace(between, (_, begin: string, end: string) => `${begin}\n${sections.join('\n')}\n${end}`)
}

/** The limits of a constant of the source, with their comments. One comment can stand for several in a row. */
export function limitsOf(constant: string): readonly Limit[] {
  const text = ['limits', 'server-limits', 'crowd-limits'].map(sourceOf).join('\n')
  const [, body = ''] = new RegExp(`const ${constant} = \\{\\n([\\s\\S]*?)\\n\\} as const`).exec(text) ?? []
  let reason = ''
  return [...body.matchAll(/\/\*\*([\s\S]*?)\*\/|^ {2}(\w+):/gm)].flatMap(([, comment, name]) => {
    if (comment !== undefined) reason = comment.replaceAll(/\s+\*?\s*/g, ' ').trim()
    return name === undefined ? [] : [{ name, value: values[name] ?? Number.NaN, reason }]
  })
}

const sourceOf = (name: string) => readFileSync(new URL(`../lib/base/${name}.ts`, import.meta.url), 'utf8')

const row = ({ name, value, reason }: Limit) =>
  `| \`${name}\` | ${written(name, value)} | ${unitOf(name, reason)} | ${reason.replaceAll('|', '\\|')} |`

/** The last word of a name is its unit, or the first word of its comment. */
export function unitOf(name: string, reason: string): string {
  if (name.endsWith('PerSecond')) return 'per second'
  if (name.endsWith('Ms')) return 'ms'
  if (/Seconds$/.test(name)) return 's'
  if (name.endsWith('OfHeap')) return 'of the heap limit'
  if (/^The part of/.test(reason)) return 'of the whole'
  if (name.endsWith('Bytes') || /^Bytes/.test(reason)) return 'bytes'
  if (name.endsWith('Text') || /^Characters/.test(reason)) return 'characters'
  return 'count'
}

function written(name: string, value: number): string {
  if (!Number.isInteger(value)) return Number.isInteger(1 / value) ? `1/${1 / value}` : String(value)
  const number = value.toLocaleString('en-US')
  if (!name.endsWith('Ms') || value < 60_000) return number
  return value < 3_600_000 ? `${number} (${value / 60_000} min)` : `${number} (${value / 3_600_000} h)`
}
