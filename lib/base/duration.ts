/** Spans of time as people write them. */

/** Milliseconds, or a number with its unit: `500`, `'500ms'`, `'30s'`, `'5m'`, `'24h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** `undefined` for what is no span of time. */
export function milliseconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) && duration >= 0 ? duration : undefined
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(typeof duration === 'string' ? duration : '') ?? []
  return amount === undefined ? undefined : Number(amount) * units[unit as keyof typeof units]
}
