/** Types of fields: which ones may live in state, and how an editor shows them. */

/** One flat object instead of an intersection, as an editor is to show it. */
export type Flat<T> = { [K in keyof T]: T[K] } & {}

/** Instead of a type that cannot live in state. A compiler shows it where the field is given. */
type Refused = 'State holds plain values: no functions, no class instances such as URL, no promises, no symbols.'

// biome-ignore lint/suspicious/noExplicitAny: of a function of any kind
type Callable = ((...args: any[]) => unknown) | (abstract new (...args: any[]) => unknown)

type Primitive = string | number | boolean | bigint | null | undefined

/** Whether an object has a method: then it is an instance of a class, or would lose it. */
type HasMethod<T> = true extends { [K in keyof T]-?: T[K] extends Callable ? true : never }[keyof T] ? true : false

/** Types are followed so deep: one that holds itself has no end. */
type Deep = [1, 1, 1, 1, 1, 1]

type Less<Depth extends readonly unknown[]> = Depth extends readonly [unknown, ...infer Rest] ? Rest : []

/** The type itself if its values may live in state, and otherwise `Refused` where they may not. `any` and `unknown` may be anything. */
type Value<T, Depth extends readonly unknown[]> = Depth extends readonly []
  ? T
  : unknown extends T
    ? T
    : T extends Primitive | Date
      ? T
      : T extends Callable | symbol
        ? Refused
        : T extends ReadonlyMap<infer K, infer V>
          ? T & ReadonlyMap<K, Value<V, Less<Depth>>>
          : T extends ReadonlySet<infer V>
            ? T & ReadonlySet<Value<V, Less<Depth>>>
            : T extends readonly unknown[]
              ? { [K in keyof T]: Value<T[K], Less<Depth>> }
              : HasMethod<T> extends true
                ? Refused
                : { [K in keyof T]: Value<T[K], Less<Depth>> }

/** The fields of a state, each checked. */
export type Storable<Fields> = { [K in keyof Fields]: Value<Fields[K], Deep> }
