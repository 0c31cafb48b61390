/** What an author can write instead of a value that cannot live in state. Only development says so. */

const upload = 'Upload it with fetch: node_modules/heldstate/docs/recipes/upload.md.'
const asText = 'Use String(value).'
const asObject = 'Use Object.fromEntries(value).'
const asList = 'Use Array.from(value).'

/** By the name of a class, or of one that it extends. */
const byClass = new Map([
  ['File', ''], // what was found says it, in production too
  ['Blob', upload],
  ['FileList', upload],
  ['HTMLFormElement', 'Use new FormData(value).'],
  ['ArrayBuffer', upload],
  ['DataView', upload],
  ['TypedArray', asList],
  ['Iterator', asList],
  ['URL', asText],
  ['RegExp', asText],
  ['URLSearchParams', asObject],
  ['FormData', asObject],
  ['Headers', asObject],
  ['Date', 'Use new Date(value).'],
  ['Map', 'Use new Map(value).'],
  ['Set', 'Use new Set(value).'],
  ['Promise', 'Await it first.'],
  ['Error', 'Use its message.'],
  ['Node', 'Pass only what you need, such as its value.'],
  ['Event', 'Pass only what you need, such as event.currentTarget.value.'],
  ['Function', 'Call it, and use its result.'],
  ['Symbol', 'Use a string.'],
  ['BigInt', asText],
])

/** By what was found where there is no value to look at. */
const byWords: readonly (readonly [RegExp, string])[] = [
  [/^a hole/, 'Fill it, for example with null.'],
  [/^a getter/, 'Use a copy: { ...value }.'],
  [/^nesting|a cycle$/, 'Use ids instead of references.'],
  [/as a key of a Map$/, 'Use strings or numbers as keys.'],
  [/as a key$/, 'Use another string as the key.'],
]

/** `value` is `undefined` where `found` says all. */
export function insteadOf(found: string, value: unknown): string {
  if (value === undefined) return byWords.find(([words]) => words.test(found))?.[1] ?? ''
  if (typeof value === 'object' && value !== null) {
    if ('nativeEvent' in value) return byClass.get('Event') ?? ''
    if (Symbol.iterator in value && 'next' in value) return asList
  }
  for (let at = Object.getPrototypeOf(value); at; at = Object.getPrototypeOf(at)) {
    const hint = byClass.get(String(at.constructor?.name))
    if (hint !== undefined) return hint
  }
  return 'Use a plain object: { ...value }.'
}
