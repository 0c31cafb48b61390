/** How calls ended, in a message of the hub as it is on the wire: `[id]`, or `[id, code, message]` of one that failed. */
export function endsIn([name, ...changes]: readonly unknown[]): (readonly [
  id: number,
  code?: string,
  ...more: unknown[],
])[] {
  return name === 'd' ? (changes as unknown[][]).flatMap(([, , , , settled = []]) => settled as never[]) : []
}
