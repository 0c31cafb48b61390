/** Stand-ins for modules: one that is loaded by the first look into it, and one for what cannot be loaded. */

/** A constructor with no key that a proxy would have to show. */
const callable = () => function placeholder() {}.bind(undefined) as unknown as object

const contents = Symbol('the module itself')

/**
 * The module that `load` gives, or its default export where the importer takes it for that: Node and bundlers disagree on
 * what the default export of a CommonJS module is. It shows no keys, so that copying it, as esbuild does, is no look.
 */
export function lazily(load: () => unknown): unknown {
  let loaded: { readonly module: unknown } | undefined
  const module = () => {
    loaded ??= { module: load() }
    return loaded.module as Record<PropertyKey, unknown>
  }
  const main = () => (typeof module() === 'function' ? module() : module().default) as never
  const proxy: object = new Proxy(callable(), {
    get: (_, key) => {
      if (key === '__esModule') return true
      if (key === contents) return module()
      if (key === 'default') return 'default' in Object(module()) ? module().default : module()
      return key in Object(module()) ? module()[key] : Object(module().default)[key]
    },
    has: (_, key) => key in Object(module()),
    apply: (_, self, args) => Reflect.apply(main(), self, args),
    construct: (_, args) => Reflect.construct(main(), args),
    ownKeys: () => [],
    getPrototypeOf: () => proxy,
  })
  return proxy
}

/** The module of which a value is the namespace; undefined if it is none that is loaded lazily. */
export const moduleIn = (value: unknown): object | undefined => {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, contents) : undefined
  return typeof found === 'object' && found !== null ? found : undefined
}

/** Whatever is done with it, it stays as it is; only a number or a text it cannot be. */
export const inert: object = new Proxy(callable(), {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return refuse
    return typeof key === 'symbol' || key === 'then' ? undefined : inert
  },
  has: () => true,
  apply: () => inert,
  construct: () => inert,
  set: () => true,
})

function refuse(): never {
  throw new Error('it uses an import that could not be loaded')
}
