/** Built-ins and their prototypes as they were: what a polluting name from outside would change. */

export interface BuiltIns {
  /** The names of what differs from when this was made; empty if nothing does. */
  changed(): string[]
  /** Makes them again what they were, so that what comes after can be told. */
  restore(): void
}

export function watchBuiltIns(): BuiltIns {
  const before = pictures()
  return {
    changed: () => {
      const now = pictures()
      return [...before].flatMap(([name, { picture }]) =>
        differences(picture, now.get(name)?.picture).map((key) => `${name}.${String(key)}`),
      )
    },
    restore: () => {
      for (const { object, picture } of before.values())
        for (const key of differences(picture, pictureOf(object))) {
          const descriptor = picture.get(key)
          if (descriptor) Object.defineProperty(object, key, descriptor)
          else Reflect.deleteProperty(object, key)
        }
    },
  }
}

type Picture = ReadonlyMap<PropertyKey, PropertyDescriptor>

interface Pictured {
  readonly object: object
  readonly picture: Picture
}

function pictures(): ReadonlyMap<string, Pictured> {
  const found = new Map<string, Pictured>()
  const add = (name: string, object: unknown) => {
    if ((typeof object === 'function' || typeof object === 'object') && object !== null)
      found.set(name, { object, picture: pictureOf(object) })
  }
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!/^[A-Z]/.test(name)) continue
    const value: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value // lazy globals have a getter: left alone
    add(name, value)
    if (typeof value === 'function') add(`${name}.prototype`, value.prototype)
  }
  return found
}

const pictureOf = (object: object): Picture =>
  new Map(
    Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor]),
  )

function differences(before: Picture, now: Picture | undefined): PropertyKey[] {
  const keys = new Set([...before.keys(), ...(now?.keys() ?? [])])
  return [...keys].filter((key) => !same(before.get(key), now?.get(key)))
}

function same(one: PropertyDescriptor | undefined, other: PropertyDescriptor | undefined): boolean {
  if (!one || !other) return one === other
  return Object.is(one.value, other.value) && one.get === other.get && one.set === other.set
}
