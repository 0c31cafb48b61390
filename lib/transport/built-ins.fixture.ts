/** Built-ins and their prototypes as they were: what a polluting name from outside would change. */

/** The names of what differs from when this was called; empty if nothing does. */
export function watchBuiltIns(): () => string[] {
  const before = pictures()
  return () => {
    const now = pictures()
    return [...before].flatMap(([name, picture]) => differences(name, picture, now.get(name)))
  }
}

type Picture = ReadonlyMap<PropertyKey, PropertyDescriptor>

function pictures(): ReadonlyMap<string, Picture> {
  const found = new Map<string, Picture>()
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!/^[A-Z]/.test(name)) continue
    const value: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value // lazy globals have a getter: left alone
    if ((typeof value !== 'function' && typeof value !== 'object') || value === null) continue
    found.set(name, picture(value))
    const prototype: unknown = (value as { prototype?: unknown }).prototype
    if (typeof prototype === 'object' && prototype !== null) found.set(`${name}.prototype`, picture(prototype))
  }
  return found
}

const picture = (value: object): Picture =>
  new Map(Reflect.ownKeys(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor]))

/** `RegExp.$1` and its like hold what was matched last, and read as accessors: only their functions are compared. */
function differences(name: string, before: Picture, now: Picture | undefined): string[] {
  const keys = new Set([...before.keys(), ...(now?.keys() ?? [])])
  return [...keys].filter((key) => !same(before.get(key), now?.get(key))).map((key) => `${name}.${String(key)}`)
}

function same(one: PropertyDescriptor | undefined, other: PropertyDescriptor | undefined): boolean {
  if (!one || !other) return one === other
  return Object.is(one.value, other.value) && one.get === other.get && one.set === other.set
}
