// The client of protocol 3, as it was at commit 93bcd5f: "lib/client/tab" and what it imports, bundled for tests. Nobody edits this file.
// lib/base/clock.ts
var systemClock = {
  now: () => Date.now(),
  after: (ms, run2) => {
    const timer = setTimeout(run2, ms)
    return (typeof timer == 'object' && timer !== null && 'unref' in timer && timer.unref(), () => clearTimeout(timer))
  },
  turn:
    typeof setImmediate == 'function'
      ? (run2) => {
          setImmediate(run2)
        }
      : (run2) => {
          setTimeout(run2, 0)
        },
  id: () => crypto.randomUUID().replaceAll('-', ''),
}

// node_modules/devalue/src/utils.js
var DevalueError = class extends Error {
    /**
     * @param {string} message
     * @param {string[]} keys
     * @param {any} [value] - The value that failed to be serialized
     * @param {any} [root] - The root value being serialized
     */
    constructor(message, keys, value, root) {
      super(message),
        (this.name = 'DevalueError'),
        (this.path = keys.join('')),
        (this.value = value),
        (this.root = root)
    }
  },
  MAP_KEY = /* @__PURE__ */ Symbol()
function format_path(keys, format_map_key) {
  const path = []
  for (let i = 0; i < keys.length; i += 1) {
    const segment = keys[i]
    segment === MAP_KEY
      ? path.push(`.get(${format_map_key(keys[++i])})`)
      : typeof segment == 'number'
        ? path.push(`[${segment}]`)
        : path.push(stringify_key(segment))
  }
  return path
}
var object_proto_names = /* @__PURE__ */ Object.getOwnPropertyNames(Object.prototype).sort().join('\0')
function is_plain_object(thing) {
  const proto = Object.getPrototypeOf(thing)
  return (
    proto === Object.prototype ||
    proto === null ||
    Object.getPrototypeOf(proto) === null ||
    Object.getOwnPropertyNames(proto).sort().join('\0') === object_proto_names
  )
}
function get_type(thing) {
  return Object.prototype.toString.call(thing).slice(8, -1)
}
function is_buffer(thing) {
  return typeof Buffer < 'u' && Buffer.isBuffer(thing)
}
var needs_escape = /["<\\\u0000-\u001f\u2028\u2029]/,
  json_leaves_raw = /[<\u2028\u2029]/g,
  raw_escapes = { '<': '\\u003C', '\u2028': '\\u2028', '\u2029': '\\u2029' }
function escape_raw(char) {
  return raw_escapes[char]
}
function stringify_string(str) {
  return !needs_escape.test(str) && str.isWellFormed()
    ? `"${str}"`
    : JSON.stringify(str).replace(json_leaves_raw, escape_raw)
}
var MAX_CACHED_KEY_LENGTH = 64,
  quoted_keys = /* @__PURE__ */ new Map()
function quote_key(key) {
  if (key.length > MAX_CACHED_KEY_LENGTH) return stringify_string(key)
  let quoted = quoted_keys.get(key)
  return (
    quoted === void 0 &&
      (quoted_keys.size >= 1024 && quoted_keys.clear(), (quoted = stringify_string(key)), quoted_keys.set(key, quoted)),
    quoted
  )
}
function enumerable_symbols(object) {
  const symbols = Object.getOwnPropertySymbols(object)
  return symbols.length === 0
    ? symbols
    : symbols.filter((symbol) => Object.getOwnPropertyDescriptor(object, symbol)?.enumerable)
}
var is_identifier = /^[a-zA-Z_$][a-zA-Z_$0-9]*$/
function stringify_key(key) {
  return is_identifier.test(key) ? '.' + key : '[' + JSON.stringify(key) + ']'
}
function is_valid_array_index(n) {
  return !(!Number.isInteger(n) || n < 0 || n > 4294967294)
}
function is_valid_array_len(n) {
  return !(!Number.isInteger(n) || n < 0 || n > 4294967295)
}
function is_valid_array_index_string(s) {
  if (s.length === 0 || (s.length > 1 && s.charCodeAt(0) === 48)) return !1
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i)
    if (c < 48 || c > 57) return !1
  }
  return is_valid_array_index(+s)
}
function array_index_cut(keys) {
  for (var i = keys.length - 1; i >= 0 && !is_valid_array_index_string(keys[i]); i--);
  return i + 1
}
function valid_array_indices(array) {
  const keys = Object.keys(array)
  return ((keys.length = array_index_cut(keys)), keys)
}

// node_modules/devalue/src/base64.js
function encode_native(array_buffer) {
  return new Uint8Array(array_buffer).toBase64()
}
function decode_native(base64) {
  return Uint8Array.fromBase64(base64).buffer
}
function encode_buffer(array_buffer) {
  return Buffer.from(array_buffer).toString('base64')
}
function decode_buffer(base64) {
  return Uint8Array.from(Buffer.from(base64, 'base64')).buffer
}
function encode_legacy(array_buffer) {
  let array = new Uint8Array(array_buffer),
    binary = '',
    chunk_size = 32768
  for (let i = 0; i < array.length; i += chunk_size) {
    const chunk = array.subarray(i, i + chunk_size)
    binary += String.fromCharCode.apply(
      null,
      /** @type {number[]} */
      /** @type {unknown} */
      chunk,
    )
  }
  return btoa(binary)
}
function decode_legacy(base64) {
  const binary_string = atob(base64),
    len = binary_string.length,
    array = new Uint8Array(len)
  for (let i = 0; i < len; i++) array[i] = binary_string.charCodeAt(i)
  return array.buffer
}
var native = typeof Uint8Array.fromBase64 == 'function',
  buffer = typeof process == 'object' && process.versions?.node !== void 0,
  encode64 = native ? encode_native : buffer ? encode_buffer : encode_legacy,
  decode64 = native ? decode_native : buffer ? decode_buffer : decode_legacy

// node_modules/devalue/src/operations.js
function merge_operations(defaults, overrides) {
  if (!overrides) return defaults
  const merged =
    /** @type {T} */
    {}
  /** @type {(keyof T)[]} */
  for (const key of Object.keys(defaults)) merged[key] = overrides[key] ?? defaults[key]
  return merged
}
var NOT_PLAIN = /* @__PURE__ */ Object.freeze({ kind: 'not-plain' }),
  SYMBOL_KEYS = /* @__PURE__ */ Object.freeze({ kind: 'symbol-keys' }),
  stringify_operations = {
    identify: (value) => value,
    typeOf: (value) => (value === null ? 'null' : typeof value),
    toPrimitive: (value) => value,
    tagOf: (value) => get_type(value),
    isThenable: (value) => typeof value.then == 'function',
    toPromise: (thenable) => Promise.resolve(thenable),
    unbox: (boxed) => boxed.valueOf(),
    toISOString: (date) => (isNaN(date.getDate()) ? '' : date.toISOString()),
    toStringValue: (value) => value.toString(),
    regExpInfo: (regexp) => ({ source: regexp.source, flags: regexp.flags }),
    valuesOf: (set) => set,
    entriesOf: (map) => map,
    viewInfo: (view) => (
      is_buffer(view) && (view = new Uint8Array(view)),
      {
        buffer: view.buffer,
        byteOffset: view.byteOffset,
        byteLength: view.byteLength,
        length: view.length,
        bufferByteLength: view.buffer.byteLength,
      }
    ),
    toArrayBuffer: (buffer2) => buffer2,
    lengthOf: (array) => array.length,
    hasOwn: (value, key) => Object.hasOwn(value, key),
    indicesOf: (array) => valid_array_indices(array),
    shapeOf: (value) =>
      is_plain_object(value)
        ? enumerable_symbols(value).length > 0
          ? SYMBOL_KEYS
          : {
              kind: Object.getPrototypeOf(value) === null ? 'null-proto' : 'plain',
              keys: Object.keys(value),
            }
        : NOT_PLAIN,
    get: (value, key) => value[key],
  },
  default_stringify_operations = /* @__PURE__ */ Object.freeze(stringify_operations),
  array_buffer_byte_length =
    /** @type {() => number} */
    Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get,
  shared_array_buffer_byte_length =
    typeof SharedArrayBuffer > 'u'
      ? void 0
      : Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')?.get,
  parse_operations = {
    fromPrimitive: (primitive) => primitive,
    fromISOString: (iso) => new Date(iso),
    fromStringValue: (tag, text2) =>
      tag === 'URL'
        ? new URL(text2)
        : tag === 'URLSearchParams'
          ? new URLSearchParams(text2)
          : Temporal[tag.slice(9)].from(text2),
    fromArrayBuffer: (buffer2) => buffer2,
    fromRegExpInfo: (source, flags) => new RegExp(source, flags),
    fromViewInfo: (tag, buffer2, byteOffset, length) => {
      try {
        array_buffer_byte_length.call(buffer2)
      } catch (error) {
        if (!shared_array_buffer_byte_length) throw error
        shared_array_buffer_byte_length.call(buffer2)
      }
      const Constructor =
        /** @type {any} */
        globalThis[tag]
      return byteOffset !== void 0 ? new Constructor(buffer2, byteOffset, length) : new Constructor(buffer2)
    },
    box: (value) => Object(value),
    createArray: (length) => new Array(length),
    createSparseArray: (length) => {
      const array = []
      return ((array[4294967294] = void 0), delete array[4294967294], (array.length = length), array)
    },
    createObject: () => ({}),
    createNullPrototypeObject: () => /* @__PURE__ */ Object.create(null),
    createSet: () => /* @__PURE__ */ new Set(),
    createMap: () => /* @__PURE__ */ new Map(),
    set: (target, key, value) => {
      target[key] = value
    },
    addValue: (set, value) => {
      set.add(value)
    },
    addEntry: (map, key, value) => {
      map.set(key, value)
    },
  },
  default_parse_operations = /* @__PURE__ */ Object.freeze(parse_operations)

// node_modules/devalue/src/parse.js
function invalid() {
  throw new Error('Invalid input')
}
function parse(serialized, revivers, options) {
  return unflatten(JSON.parse(serialized), revivers, options)
}
function unflatten(parsed, revivers, options) {
  const ops = merge_operations(default_parse_operations, options?.operations)
  if (typeof parsed == 'number') return hydrate(parsed, !0)
  ;(!Array.isArray(parsed) || parsed.length === 0) && invalid()
  let values =
      /** @type {any[]} */
      parsed,
    hydrated = Array(values.length),
    hydrating = null
  function get_raw(index) {
    return ((!is_valid_array_index(index) || index >= values.length) && invalid(), values[index])
  }
  function hydrate(index, standalone = !1) {
    if (index === -1) return ops.fromPrimitive(void 0)
    if (index === -3) return ops.fromPrimitive(NaN)
    if (index === -4) return ops.fromPrimitive(1 / 0)
    if (index === -5) return ops.fromPrimitive(-1 / 0)
    if (index === -6) return ops.fromPrimitive(-0)
    if (((standalone || typeof index != 'number') && invalid(), index in hydrated)) return hydrated[index]
    index >= values.length && invalid()
    const value = values[index]
    if (!value || typeof value != 'object') hydrated[index] = ops.fromPrimitive(value)
    else if (Array.isArray(value))
      if (typeof value[0] == 'string') {
        const type = value[0],
          reviver = revivers && Object.hasOwn(revivers, type) ? revivers[type] : void 0
        if (reviver) {
          let i = value[1]
          if ((typeof i != 'number' && (i = values.push(value[1]) - 1), Object.hasOwn(hydrated, i)))
            return (hydrated[index] = reviver(hydrated[i]))
          if (((hydrating ??= /* @__PURE__ */ new Set()), hydrating.has(i)))
            throw new Error('Invalid circular reference')
          return (hydrating.add(i), (hydrated[index] = reviver(hydrate(i))), hydrating.delete(i), hydrated[index])
        }
        switch (type) {
          case 'Date':
            hydrated[index] = ops.fromISOString(value[1])
            break
          case 'Set': {
            const set = ops.createSet()
            hydrated[index] = set
            for (let i = 1; i < value.length; i += 1) ops.addValue(set, hydrate(value[i]))
            break
          }
          case 'Map': {
            const map = ops.createMap()
            hydrated[index] = map
            for (let i = 1; i < value.length; i += 2) ops.addEntry(map, hydrate(value[i]), hydrate(value[i + 1]))
            break
          }
          case 'RegExp':
            hydrated[index] = ops.fromRegExpInfo(value[1], value[2])
            break
          case 'Object': {
            const wrapped_index = value[1]
            if (!(wrapped_index === -3 || wrapped_index === -4 || wrapped_index === -5 || wrapped_index === -6)) {
              const wrapped = get_raw(wrapped_index),
                is_bigint = Array.isArray(wrapped) && wrapped[0] === 'BigInt'
              ;(wrapped === void 0 || typeof wrapped == 'object') && !is_bigint && invalid()
            }
            hydrated[index] = ops.box(hydrate(wrapped_index))
            break
          }
          case 'BigInt':
            hydrated[index] = ops.fromPrimitive(BigInt(value[1]))
            break
          case 'null': {
            const obj = ops.createNullPrototypeObject()
            hydrated[index] = obj
            for (let i = 1; i < value.length; i += 2) {
              const key = value[i]
              if (typeof key != 'string') throw new Error('Cannot parse an object with a non-string key')
              if (key === '__proto__') throw new Error('Cannot parse an object with a `__proto__` property')
              ops.set(obj, key, hydrate(value[i + 1]))
            }
            break
          }
          case 'Int8Array':
          case 'Uint8Array':
          case 'Uint8ClampedArray':
          case 'Int16Array':
          case 'Uint16Array':
          case 'Float16Array':
          case 'Int32Array':
          case 'Uint32Array':
          case 'Float32Array':
          case 'Float64Array':
          case 'BigInt64Array':
          case 'BigUint64Array':
          case 'DataView': {
            const buffer_index = value[1],
              raw = get_raw(buffer_index)
            ;(!Array.isArray(raw) || raw[0] !== 'ArrayBuffer') && invalid()
            const buffer2 = hydrate(buffer_index)
            hydrated[index] = ops.fromViewInfo(type, buffer2, value[2], value[3])
            break
          }
          case 'ArrayBuffer': {
            const base64 = value[1]
            if (typeof base64 != 'string') throw new Error('Invalid ArrayBuffer encoding')
            hydrated[index] = ops.fromArrayBuffer(decode64(base64))
            break
          }
          case 'URL':
          case 'URLSearchParams':
          case 'Temporal.Duration':
          case 'Temporal.Instant':
          case 'Temporal.PlainDate':
          case 'Temporal.PlainTime':
          case 'Temporal.PlainDateTime':
          case 'Temporal.PlainMonthDay':
          case 'Temporal.PlainYearMonth':
          case 'Temporal.ZonedDateTime': {
            hydrated[index] = ops.fromStringValue(type, value[1])
            break
          }
          default:
            throw new Error(`Unknown type ${type}`)
        }
      } else if (value[0] === -7) {
        const len = value[1]
        is_valid_array_len(len) || invalid()
        const array = ops.createSparseArray(len)
        hydrated[index] = array
        for (let i = 2; i < value.length; i += 2) {
          const idx = value[i]
          ;(!is_valid_array_index(idx) || idx >= len) && invalid(), ops.set(array, idx, hydrate(value[i + 1]))
        }
      } else {
        const array = ops.createArray(value.length)
        hydrated[index] = array
        for (let i = 0; i < value.length; i += 1) {
          const n = value[i]
          n !== -2 && ops.set(array, i, hydrate(n))
        }
      }
    else {
      const object = ops.createObject()
      hydrated[index] = object
      for (const key of Object.keys(value)) {
        if (key === '__proto__') throw new Error('Cannot parse an object with a `__proto__` property')
        ops.set(object, key, hydrate(value[key]))
      }
    }
    return hydrated[index]
  }
  return hydrate(0)
}

// node_modules/devalue/src/stringify.js
function stringify(value, reducers, options) {
  const stringified = run(!1, value, reducers, options)
  return typeof stringified == 'string' ? stringified : `[${stringified.join(',')}]`
}
function run(async, value, reducers, options) {
  const ops = merge_operations(default_stringify_operations, options?.operations),
    stringified = [],
    indexes = /* @__PURE__ */ new Map(),
    custom = []
  if (reducers) for (const key of Object.getOwnPropertyNames(reducers)) custom.push({ key, fn: reducers[key] })
  let keys = [],
    p = 0
  function error(message, thing) {
    const path = format_path(keys, (key) => {
      const key_type = ops.typeOf(key)
      return key_type !== 'object' && key_type !== 'function' && key_type !== 'symbol'
        ? stringify_primitive(ops.toPrimitive(key))
        : '...'
    })
    throw new DevalueError(message, path, thing, value)
  }
  function flatten(thing, index2) {
    const type = ops.typeOf(thing)
    if (type === 'undefined') return -1
    let number
    if (type === 'number') {
      if (((number = /** @type {number} */ ops.toPrimitive(thing)), Number.isNaN(number))) return -3
      if (number === 1 / 0) return -4
      if (number === -1 / 0) return -5
      if (number === 0 && 1 / number < 0) return -6
    }
    const id = ops.identify(thing)
    if (indexes.has(id))
      return (
        /** @type {number} */
        indexes.get(id)
      )
    ;(index2 ??= p++), indexes.set(id, index2)
    for (const { key, fn } of custom) {
      const value2 = fn(thing)
      if (value2) return ((stringified[index2] = `["${key}",${flatten(value2)}]`), index2)
    }
    type === 'function'
      ? error('Cannot stringify a function', thing)
      : type === 'symbol' && error('Cannot stringify a Symbol primitive', thing)
    let str = ''
    if (type !== 'object') str = stringify_primitive(type === 'number' ? number : ops.toPrimitive(thing))
    else if (ops.isThenable(thing)) {
      async || error('Cannot stringify a Promise or thenable \u2014 use stringifyAsync instead', thing)
      const prev_keys = keys.slice()
      ;(str = ops.toPromise(thing).then((value2) => {
        keys = prev_keys
        const i = flatten(value2, index2)
        i < 0 && (stringified[index2] = i)
      })),
        str.catch(() => {})
    } else {
      const tag = ops.tagOf(thing)
      switch (tag) {
        case 'Number':
        case 'String':
        case 'Boolean':
        case 'BigInt':
          str = `["Object",${flatten(ops.unbox(thing))}]`
          break
        case 'Date':
          str = `["Date","${ops.toISOString(thing)}"]`
          break
        case 'URL':
          str = `["URL",${stringify_string(ops.toStringValue(thing))}]`
          break
        case 'URLSearchParams':
          str = `["URLSearchParams",${stringify_string(ops.toStringValue(thing))}]`
          break
        case 'RegExp': {
          const { source, flags } = ops.regExpInfo(thing)
          str = flags ? `["RegExp",${stringify_string(source)},"${flags}"]` : `["RegExp",${stringify_string(source)}]`
          break
        }
        case 'Array': {
          let mostly_dense = !1,
            length = ops.lengthOf(thing)
          str = '['
          for (let i = 0; i < length; i += 1)
            if ((i > 0 && (str += ','), ops.hasOwn(thing, i)))
              keys.push(i), (str += flatten(ops.get(thing, i))), keys.pop()
            else if (mostly_dense) str += -2
            else {
              const populated_keys = ops.indicesOf(thing),
                population = populated_keys.length,
                d = String(length).length,
                hole_cost = (length - population) * 3,
                sparse_cost = 4 + d + population * (d + 1)
              if (hole_cost > sparse_cost) {
                str = '[' + -7 + ',' + length
                for (let j = 0; j < populated_keys.length; j++) {
                  const key = populated_keys[j]
                  keys.push(+key), (str += ',' + key + ',' + flatten(ops.get(thing, key))), keys.pop()
                }
                break
              } else (mostly_dense = !0), (str += -2)
            }
          str += ']'
          break
        }
        case 'Set':
          str = '["Set"'
          for (const value2 of ops.valuesOf(thing)) str += `,${flatten(value2)}`
          str += ']'
          break
        case 'Map':
          str = '["Map"'
          for (const [key, value2] of ops.entriesOf(thing))
            keys.push(MAP_KEY, key), (str += `,${flatten(key)},${flatten(value2)}`), keys.pop(), keys.pop()
          str += ']'
          break
        case 'Int8Array':
        case 'Uint8Array':
        case 'Uint8ClampedArray':
        case 'Int16Array':
        case 'Uint16Array':
        case 'Float16Array':
        case 'Int32Array':
        case 'Uint32Array':
        case 'Float32Array':
        case 'Float64Array':
        case 'BigInt64Array':
        case 'BigUint64Array': {
          const info = ops.viewInfo(thing)
          ;(str = '["' + tag + '",' + flatten(info.buffer)),
            info.byteLength !== info.bufferByteLength && (str += `,${info.byteOffset},${info.length}`),
            (str += ']')
          break
        }
        case 'DataView': {
          const info = ops.viewInfo(thing)
          ;(str = '["' + tag + '",' + flatten(info.buffer)),
            info.byteLength !== info.bufferByteLength && (str += `,${info.byteOffset},${info.byteLength}`),
            (str += ']')
          break
        }
        case 'ArrayBuffer': {
          str = `["ArrayBuffer","${encode64(ops.toArrayBuffer(thing))}"]`
          break
        }
        case 'Temporal.Duration':
        case 'Temporal.Instant':
        case 'Temporal.PlainDate':
        case 'Temporal.PlainTime':
        case 'Temporal.PlainDateTime':
        case 'Temporal.PlainMonthDay':
        case 'Temporal.PlainYearMonth':
        case 'Temporal.ZonedDateTime':
          str = `["${tag}",${stringify_string(ops.toStringValue(thing))}]`
          break
        default: {
          const shape = ops.shapeOf(thing)
          if (
            (shape.kind === 'not-plain' && error('Cannot stringify arbitrary non-POJOs', thing),
            shape.kind === 'symbol-keys' && error('Cannot stringify POJOs with symbolic keys', thing),
            shape.kind === 'null-proto')
          ) {
            str = '["null"'
            for (const key of shape.keys)
              key === '__proto__' && error('Cannot stringify objects with __proto__ keys', thing),
                keys.push(key),
                (str += `,${quote_key(key)},${flatten(ops.get(thing, key))}`),
                keys.pop()
            str += ']'
          } else {
            str = '{'
            let started = !1
            for (const key of shape.keys)
              key === '__proto__' && error('Cannot stringify objects with __proto__ keys', thing),
                started && (str += ','),
                (started = !0),
                keys.push(key),
                (str += `${quote_key(key)}:${flatten(ops.get(thing, key))}`),
                keys.pop()
            str += '}'
          }
        }
      }
    }
    return ((stringified[index2] = str), index2)
  }
  const index = flatten(value)
  return index < 0 ? `${index}` : stringified
}
function stringify_primitive(thing) {
  const type = typeof thing
  return type === 'string'
    ? stringify_string(thing)
    : thing === void 0
      ? (-1).toString()
      : thing === 0 && 1 / thing < 0
        ? (-6).toString()
        : type === 'bigint'
          ? `["BigInt","${thing}"]`
          : String(thing)
}

// lib/base/errors.ts
var errorCodes = {
    'already-running': 'a task with concurrency "single" was started while it runs',
    'called-directly': 'a declared event or task was called like a function',
    'called-while-rendering': 'an event or a task was called while a component rendered',
    'cannot-listen': 'the server could not open its port',
    'cannot-store': 'the folder in which state is kept cannot be written',
    'connection-lost': 'the connection ended before the hub answered; the effect is unknown',
    'duplicate-id': 'two definitions have the same id',
    'duplicate-member': 'two members of a definition have the same name',
    'foreign-origin': 'a page of another site tried to connect',
    'handler-failed': 'an event handler threw',
    'hub-closed': 'the hub is shutting down',
    interrupted: 'the server ended while a task ran, or an event that had shown a part of its change',
    'immutable-state': 'state was written outside a lock',
    'inbox-full': 'a tab has too many calls waiting',
    'invalid-arguments': 'the arguments of a call were refused by their schema',
    'invalid-definition': 'a definition was declared in a way that cannot work',
    'invalid-message': 'a message does not follow the protocol',
    'invalid-token': 'a token is malformed or belongs to another browser',
    'invalid-trigger': 'a handler returned or yielded something that is not a trigger',
    'invalid-value': 'a value cannot live in state',
    'load-failed': 'the store could not load the state of a token',
    'lock-queue-full': 'too many waiters for the lock of one token',
    'lock-timeout': 'the lock of a token was not free in time',
    'missing-hub': 'server code asked for the hub, but none runs in this process',
    'missing-plugin': 'a state module reached the tab without the heldstate plugin',
    'missing-secret': 'processes that share state were given no secret to share',
    'nested-lock': 'a lock was requested inside a block that already holds it',
    'not-a-field': 'a computed value was read or written where there are only fields',
    offline: 'the tab is not connected and the call cannot wait',
    'other-version': 'another version of heldstate made the hub of this process',
    'payload-too-large': 'a message is larger than the bound',
    'protocol-version': 'the tab and the hub speak different versions of the protocol',
    'registry-unreachable': 'the route that loads the state modules does not answer',
    'save-failed': 'the store could not save a change',
    'state-lost': 'the server does not have the state of this tab any more',
    'stale-write': 'the store holds a newer revision than the one a change was made from',
    'store-unreachable': 'the store does not answer',
    'task-cancelled': 'the task was cancelled',
    'task-failed': 'a background task threw',
    'task-timeout': 'a background task took longer than its author allows',
    'too-many-connections': 'the hub has as many connections as its bound allows',
    'too-many-tasks': 'a token runs as many tasks as its bound allows',
    'undeclared-field': 'a field was written that its definition does not declare',
    'unfit-store': 'the store cannot be used as it is set up',
    'unknown-definition': 'no state with this id is defined',
    'unknown-member': 'a definition has no event or task of this name',
    'unknown-tab': 'the request does not tell which tab it comes from',
    'weak-secret': 'a secret is so short that it could be guessed',
  },
  brand = /* @__PURE__ */ Symbol.for('heldstate.error'),
  HeldStateError = class extends Error {
    code;
    [brand] = !0
    constructor(code, message, options) {
      super(message, options),
        (this.name = 'HeldStateError'),
        (this.code = code),
        options?.issues && (this.issues = options.issues)
    }
    /** Server bundles and the hub may each hold a copy of this class, so identity goes by a brand. */
    static [Symbol.hasInstance](value) {
      return isHeldStateError(value)
    }
  },
  ImmutableStateError = class extends HeldStateError {
    constructor(message, options) {
      super('immutable-state', message, options), (this.name = 'ImmutableStateError')
    }
    static [Symbol.hasInstance](value) {
      return isHeldStateError(value) && value.code === 'immutable-state'
    }
  }
function isHeldStateError(value) {
  return typeof value == 'object' && value !== null && brand in value
}
function isErrorCode(value) {
  return typeof value == 'string' && Object.hasOwn(errorCodes, value)
}
function toFailure(error, code) {
  if (isHeldStateError(error)) {
    const { message, issues } = error
    return { code: error.code, message, ...(issues && { issues }) }
  }
  return { code, message: messageOf(error) }
}
function fromFailure(failure) {
  const { code, message, stack } = failure,
    error =
      code === 'immutable-state'
        ? new ImmutableStateError(message)
        : new HeldStateError(code, message, { issues: failure.issues })
  return (
    stack !== void 0 &&
      (error.stack = `${error.name}: ${message}
${stack}`),
    error
  )
}
function messageOf(error) {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'a value without a text was thrown'
  }
}

// lib/base/value.ts
var MapKey = class {
    key
    constructor(key) {
      this.key = key
    }
  },
  maxDepth = 200
function kindOf(value) {
  switch (typeof value) {
    case 'object':
      return value === null ? 'primitive' : kindOfObject(value)
    case 'function':
    case 'symbol':
      return 'invalid'
    default:
      return 'primitive'
  }
}
function kindOfObject(value) {
  if (Array.isArray(value)) return 'array'
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
    ? 'object'
    : prototype === Map.prototype
      ? 'map'
      : prototype === Set.prototype
        ? 'set'
        : prototype === Date.prototype
          ? 'date'
          : 'invalid'
}
function copyValue(value, path, substitute) {
  if (typeof value == 'object' && value !== null) return new Copier(path, substitute).container(value)
  if (kindOf(value) === 'invalid') throw refuse(path, describe(value))
  return value
}
var Copier = class {
  path
  holders = []
  substitute
  constructor(path, substitute) {
    ;(this.path = [...path]), (this.substitute = substitute)
  }
  container(value) {
    const substituted = this.substitute?.(value, this.path, this.holders)
    if (substituted) return substituted.value
    switch (kindOf(value)) {
      case 'object':
        return this.object(value)
      case 'array':
        return this.array(value)
      case 'map':
        return this.map(value)
      case 'set':
        return this.set(value)
      case 'date':
        return new Date(value.getTime())
      default:
        throw refuse(this.path, describe(value))
    }
  }
  object(value) {
    const copy = Object.getPrototypeOf(value) === null ? /* @__PURE__ */ Object.create(null) : {}
    this.enter(copy)
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
      descriptor?.enumerable &&
        (checkProperty(key, descriptor, this.path), (copy[key] = this.item(descriptor.value, key)))
    }
    return (this.holders.pop(), copy)
  }
  array(value) {
    const copy = []
    this.enter(copy)
    for (let index = 0; index < value.length; index += 1) {
      if (value[index] === void 0 && !(index in value)) throw refuse([...this.path, index], 'a hole in an array')
      copy.push(this.item(value[index], index))
    }
    return (this.holders.pop(), copy)
  }
  map(value) {
    const copy = /* @__PURE__ */ new Map()
    this.enter(copy)
    for (const [key, item] of value) copy.set(checkKey(key, this.path), this.item(item, new MapKey(key)))
    return (this.holders.pop(), copy)
  }
  set(value) {
    const copy = /* @__PURE__ */ new Set()
    this.enter(copy)
    for (const item of value) copy.add(this.item(item, '(an element)'))
    return (this.holders.pop(), copy)
  }
  item(value, key) {
    if (typeof value != 'object' || value === null) {
      if (kindOf(value) === 'invalid') throw refuse([...this.path, key], describe(value))
      return value
    }
    this.path.push(key)
    const copy = this.container(value)
    return (this.path.pop(), copy)
  }
  enter(copy) {
    if (this.path.length > maxDepth) throw refuse(this.path, `nesting of more than ${maxDepth} levels, or a cycle`)
    this.holders.push(copy)
  }
}
function checkProperty(key, descriptor, path) {
  if (typeof key == 'symbol') throw refuse(path, `the symbol ${String(key)} as a key`)
  if (key === '__proto__') throw refuse(path, '"__proto__" as a key')
  if (descriptor.get || descriptor.set) throw refuse([...path, key], 'a getter or setter')
}
function checkKey(key, path) {
  if (kindOf(key) !== 'primitive') throw refuse(path, `${describe(key)} as a key of a Map`)
  return key
}
function refuse(path, found) {
  return new HeldStateError(
    'invalid-value',
    `${formatPath(path)} cannot hold ${found}. State holds JSON values, undefined, NaN, infinities, bigint, Date, Map with primitive keys, and Set.`,
  )
}
function formatPath(path) {
  return (
    path
      .map((key, index) =>
        typeof key == 'number'
          ? `[${key}]`
          : key instanceof MapKey
            ? `.get(${literal(key.key)})`
            : typeof key == 'string' && /^([\p{L}_$][\p{L}\p{N}_$]*|\(.*\))$/u.test(key)
              ? index === 0
                ? key
                : `.${key}`
              : `[${literal(key)}]`,
      )
      .join('') || 'The state'
  )
}
function literal(key) {
  return typeof key == 'string' ? JSON.stringify(key) : typeof key == 'bigint' ? `${key}n` : String(key)
}
function describe(value) {
  if (typeof value == 'function') return `a function${value.name ? ` (${value.name})` : ''}`
  if (typeof value == 'symbol') return 'a symbol'
  const name = value?.constructor?.name
  return name && name !== 'Object' ? `an instance of ${name}` : 'an object that is not plain'
}

// lib/base/encode.ts
var wrapper = '$held'
function encode(value) {
  return isJson(value) ? value : { [wrapper]: stringify(value) }
}
function decode(json) {
  try {
    if (isWrapped(json)) return unwrap(json[wrapper])
    if (json === void 0 || isJson(json)) return json
  } catch (error) {
    throw malformed({ cause: error })
  }
  throw malformed()
}
function unwrap(text2) {
  let left = text2.length
  return copyValue(parse(text2), ['value'], () => {
    if (((left -= 1), left < 0)) throw malformed()
  })
}
var malformed = (options) =>
  new HeldStateError('invalid-message', 'Malformed message: a value could not be decoded.', options)
function isWrapped(json) {
  return typeof json != 'object' || json === null || !Object.hasOwn(json, wrapper)
    ? !1
    : typeof json[wrapper] == 'string' && Object.keys(json).length === 1
}
function isJson(value) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return !0
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || isJsonContainer(value)
    default:
      return !1
  }
}
function isJsonContainer(value) {
  return Array.isArray(value)
    ? value.every(isJson)
    : Object.getPrototypeOf(value) !== Object.prototype
      ? !1
      : Object.keys(value).every((key) => isJsonEntry(key, value[key]))
}
var isJsonEntry = (key, item) => key !== wrapper && key !== '__proto__' && isJson(item)

// lib/base/limits.ts
var defaultLimits = {
  /** Bytes of one message from a tab. A form or a paragraph fits; an upload belongs into a route handler. */
  messageBytes: 1e6,
  /** Arguments of one call. Handlers take a few; more is a mistake or an attack. */
  callArguments: 32,
  /** Calls of one tab that wait or run. A person makes a few; a script that pipelines gets a failure, not our memory. */
  callsPerTab: 1e3,
  /** Calls that a tab keeps while it is not connected. Enough for a tunnel, too few to replay an afternoon. */
  callsWhileOffline: 100,
  /** Messages to a page after which it can be given the difference, should it come back. Older ones get all. */
  rememberedMessages: 32,
  /** Failed calls of a page that are remembered, should one be sent again. Only of the newest a tab can have not heard. */
  rememberedEnds: 100,
  /** Pages of one token whose calls are remembered: this one, and those before as many reloads. */
  rememberedPages: 4,
  /** Waiters for the lock of one token. A thousand tasks that all want it at once are served; a leak is not. */
  lockWaiters: 1e4,
  /** Milliseconds a waiter waits for the lock. Longer means that a handler hangs, and the message says so. */
  lockWaitMs: 6e4,
  /** Running tasks of one token. */
  tasksPerToken: 1e3,
  /** Milliseconds that `cancel()` waits for a task that does not end; it cannot write any more in any case. */
  cancelGraceMs: 2e3,
  /**
   * Milliseconds between two messages to one tab that settle no call: one frame of a 60 Hz screen, since nobody sees more.
   * The first change after a pause and the answer to a call never wait for it.
   */
  frameMs: 16,
  /** States that one tab can watch. */
  watchedStates: 1e3,
  /** Connections of one hub. A connection costs about 50 KB, so this is half a gigabyte. */
  connections: 1e4,
  /** Milliseconds that an instance without a connection and without a task is kept: a day, so that a laptop may sleep. */
  keepMs: 864e5,
  /** Milliseconds that `close()` waits for events and blocks to end. What has not ended by then is not saved. */
  closeMs: 1e4,
}

// lib/base/log.ts
var consoleLog = {
    info: (message) => console.info(prefix(message)),
    warn: (message, error) => (error === void 0 ? console.warn(prefix(message)) : console.warn(prefix(message), error)),
    error: (message, error) =>
      error === void 0 ? console.error(prefix(message)) : console.error(prefix(message), error),
  },
  prefix = (message) => `heldstate: ${message}`

// lib/protocol/down.ts
function parseDown(name, args) {
  switch (name) {
    case 'd':
      return {
        type: 'delta',
        from: count(args[0]),
        to: count(args[1]),
        patches: list(args[2]).map(readPatch),
        settled: args[3] === void 0 ? [] : list(args[3]).map(readSettlement),
        ...(args[4] === void 0 ? {} : { done: count(args[4]) }),
      }
    case 'w':
      return {
        type: 'welcome',
        token: text(args[0]),
        revision: count(args[1]),
        views: list(args[2]).map(decode),
        done: count(args[3]),
        number: count(args[4]),
      }
    case 'r':
      return {
        type: 'resumed',
        token: text(args[0]),
        from: count(args[1]),
        to: count(args[2]),
        patches: list(args[3]).map(readPatch),
        done: count(args[4]),
        number: count(args[5]),
      }
    case 'f':
      return { type: 'failure', failure: readFailure(args[0], args[1], args[2], args[3]) }
    case 's':
      return { type: 'stalled', stalled: args[0] === 1 }
    case 'bye':
      return {
        type: 'farewell',
        failure: readFailure(args[0], args[1]),
        ...(args[2] === void 0 ? {} : { spreadMs: count(args[2]) }),
      }
    default:
      throw malformed2(`unknown message ${JSON.stringify(name)}`)
  }
}
function readPatch(value) {
  const [path, ...rest] = list(value),
    keys = list(path).map(decode)
  if (rest.length === 0) return [keys]
  if (rest.length === 1) return [keys, decode(rest[0])]
  if (rest.length === 3) return [keys, count(rest[0]), count(rest[1]), list(rest[2]).map(decode)]
  throw malformed2('a patch with a wrong number of parts')
}
function readSettlement(value) {
  const [id, code, message, issues, stack] = list(value)
  return code === void 0 ? { id: count(id) } : { id: count(id), failure: readFailure(code, message, issues, stack) }
}
function readFailure(code, message, issues, stack) {
  if (!isErrorCode(code)) throw malformed2(`unknown failure ${JSON.stringify(code)}`)
  const read2 = issues === void 0 ? [] : list(issues).map(readIssue)
  return {
    code,
    message: text(message),
    ...(read2.length > 0 && { issues: read2 }),
    ...(stack !== void 0 && { stack: text(stack) }),
  }
}
function readIssue(value) {
  const [message, path] = list(value)
  return { message: text(message), path: list(path).map((key) => (typeof key == 'number' ? key : text(key))) }
}
function count(value) {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw malformed2(`expected a whole number, got ${JSON.stringify(value)}`)
}
function list(value) {
  if (Array.isArray(value)) return value
  throw malformed2('expected a list')
}
function text(value) {
  if (typeof value == 'string') return value
  throw malformed2('expected a text')
}
var malformed2 = (message) => new HeldStateError('invalid-message', `Malformed message from the hub: ${message}.`)

// lib/client/calls.ts
var Calls = class {
  open = /* @__PURE__ */ new Map()
  limits
  last = 0
  /** Of the calls that have not shown their effect, in order. */
  predictions = []
  constructor(limits) {
    this.limits = limits
  }
  /** Makes a call; `send` is given if the tab is live. */
  add(request, send) {
    const refusal = this.refusal(send !== void 0)
    if (refusal) return Promise.reject(refusal)
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.open.set(id, { request, sent: send !== void 0, resolve, reject }),
        request.prediction && (this.predictions = [...this.predictions, { ...request.prediction, call: id }]),
        send?.(id, request)
    })
  }
  refusal(live2) {
    const { size } = this.open,
      { callsWhileOffline, callsPerTab } = this.limits
    if (!live2 && size >= callsWhileOffline)
      return new HeldStateError(
        'offline',
        `This page is not connected, and ${size} changes wait already. Try again when it is.`,
      )
    if (size >= callsPerTab)
      return new HeldStateError(
        'inbox-full',
        `${size} calls of this tab wait already, the bound "callsPerTab". Wait for them before you make more.`,
      )
  }
  /** The tab is live: sends what has waited. */
  sendWaiting(send) {
    for (const [id, call] of this.open) call.sent || ((call.sent = !0), send(id, call.request))
  }
  settle({ id, failure }) {
    const call = this.open.get(id)
    call &&
      failure?.code !== 'hub-closed' &&
      (this.open.delete(id),
      call.request.prediction && (this.predictions = this.predictions.filter((prediction) => prediction.call !== id)),
      failure ? call.reject(fromFailure(failure)) : call.resolve())
  }
  /** Calls up to this one have ended, and what they changed is shown from now on. They settle when the hub says how. */
  shown(done) {
    this.predictions.some(({ call }) => call <= done) &&
      (this.predictions = this.predictions.filter(({ call }) => call > done))
  }
  /** The connection has ended: what has not settled is sent again over the next one. */
  interrupt() {
    for (const [id, call] of this.open)
      (call.sent = !1),
        !call.request.again &&
          (this.open.delete(id),
          call.reject(new HeldStateError('connection-lost', 'The connection ended; the next one asks for it again.')))
  }
  /** Nothing will settle them any more. */
  fail(error) {
    const calls = [...this.open.values()]
    this.open.clear(), (this.predictions = [])
    for (const call of calls) call.reject(error)
  }
}

// node_modules/zustand/esm/vanilla.mjs
var createStoreImpl = (createState) => {
    let state,
      listeners = /* @__PURE__ */ new Set(),
      setState = (partial, replace) => {
        const nextState = typeof partial == 'function' ? partial(state) : partial
        if (!Object.is(nextState, state)) {
          const previousState = state
          ;(state =
            (replace ?? (typeof nextState != 'object' || nextState === null))
              ? nextState
              : Object.assign({}, state, nextState)),
            listeners.forEach((listener) => listener(state, previousState))
        }
      },
      getState = () => state,
      api = {
        setState,
        getState,
        getInitialState: () => initialState,
        subscribe: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
      },
      initialState = (state = createState(setState, getState, api))
    return api
  },
  createStore = (createState) => (createState ? createStoreImpl(createState) : createStoreImpl)

// lib/delta/apply.ts
function apply(value, patches) {
  let own = /* @__PURE__ */ new Set(),
    root = value
  for (const patch of patches) root = applyAt(root, patch, 0, own)
  return root
}
function applyAt(value, patch, depth, own) {
  const path = patch[0]
  if (depth === path.length) return patch.length === 4 ? spliced(value, patch, own) : assigned(patch)
  const key = path[depth],
    container = owned(value, own),
    isLast = depth === path.length - 1
  return (
    isLast && patch.length === 1
      ? remove(container, key)
      : isLast && patch.length === 2
        ? put(container, key, patch[1])
        : put(container, key, applyAt(read(container, key), patch, depth + 1, own)),
    container
  )
}
function assigned(patch) {
  if (patch.length !== 2) throw misfit()
  return patch[1]
}
function spliced(value, [, start, deleteCount, items], own) {
  if (
    !Array.isArray(value) ||
    !Array.isArray(items) ||
    !isCount(start) ||
    !isCount(deleteCount) ||
    start + deleteCount > value.length
  )
    throw misfit()
  const list2 = owned(value, own)
  if (items.length < manyArguments) list2.splice(start, deleteCount, ...items)
  else for (const item of [...items, ...list2.splice(start).slice(deleteCount)]) list2.push(item)
  return list2
}
var manyArguments = 1e4,
  isCount = (value) => Number.isSafeInteger(value) && value >= 0
function owned(value, own) {
  if (typeof value != 'object' || value === null) throw misfit()
  if (own.has(value)) return value
  const copy = copyOf(value)
  return (own.add(copy), copy)
}
function copyOf(value) {
  if (Array.isArray(value)) return value.slice()
  if (value instanceof Map) return new Map(value)
  if (value instanceof Set) return new Set(value)
  if (value instanceof Date) throw misfit()
  return Object.getPrototypeOf(value) === null
    ? Object.assign(/* @__PURE__ */ Object.create(null), value)
    : { ...value }
}
function read(container, key) {
  if (container instanceof Map ? container.has(key) : isProperty(container, key) && Object.hasOwn(container, key))
    return container instanceof Map ? container.get(key) : Reflect.get(container, key)
  throw misfit()
}
function put(container, key, value) {
  if (typeof key == 'object' && key !== null) throw misfit()
  if (container instanceof Map) container.set(key, value)
  else if (container instanceof Set) container.add(key)
  else if (isProperty(container, key) && (!Array.isArray(container) || Object.hasOwn(container, key)))
    Reflect.set(container, key, value)
  else throw misfit()
}
function remove(container, key) {
  if (container instanceof Map || container instanceof Set) {
    if (!container.delete(key)) throw misfit()
  } else if (!Array.isArray(container) && isProperty(container, key) && Object.hasOwn(container, key))
    Reflect.deleteProperty(container, key)
  else throw misfit()
}
function isProperty(container, key) {
  return container instanceof Set
    ? !1
    : Array.isArray(container)
      ? typeof key == 'number'
      : typeof key == 'string' && key !== '__proto__'
}
var misfit = () => new HeldStateError('invalid-message', 'A patch does not fit the state of this tab.')

// lib/client/mirror.ts
var live = { status: 'live', waiting: void 0 },
  emptyMirror = {
    status: 'connecting',
    waiting: void 0,
    stalled: !1,
    revision: 0,
    views: /* @__PURE__ */ new Map(),
    predictions: [],
  },
  mirrorStore = () => createStore(() => emptyMirror)
function receive(mirror, message) {
  if (message.type === 'welcome') {
    const views = new Map([...message.views.entries()].filter(([, view]) => view !== void 0))
    return { outcome: 'applied', mirror: { ...mirror, ...live, stalled: !1, revision: message.revision, views } }
  }
  if (message.type === 'resumed' && message.from !== mirror.revision) return { outcome: 'gap' }
  if (message.from !== mirror.revision) return { outcome: message.to > mirror.revision ? 'gap' : 'duplicate' }
  if (message.type === 'delta' && message.patches.length === 0 && message.to === mirror.revision)
    return { outcome: 'applied', mirror }
  try {
    const views = apply(mirror.views, message.patches)
    return { outcome: 'applied', mirror: { ...mirror, ...live, revision: message.to, views } }
  } catch {
    return { outcome: 'gap' }
  }
}

// lib/client/outgoing.ts
var OutgoingQueue = class {
  maxBytes
  send
  waiting = []
  bytes = 0
  constructor(maxBytes, send) {
    ;(this.maxBytes = maxBytes), (this.send = send)
  }
  /** Adds a message of so many bytes. */
  add(message, bytes) {
    this.bytes + bytes > this.maxBytes && this.flush(),
      this.waiting.length === 0 && queueMicrotask(() => this.flush()),
      this.waiting.push(message),
      (this.bytes += bytes)
  }
  /** What has not gone out belongs to a connection that is no more. */
  clear() {
    ;(this.waiting = []), (this.bytes = 0)
  }
  flush() {
    const messages = this.waiting
    this.clear()
    const [first] = messages
    first && (messages.length === 1 ? this.send(...first) : this.send('batch', messages))
  }
}

// lib/client/tab.ts
var idBytes = 20,
  framingBytes = 100,
  attemptsBeforeWord = 4,
  say = (error) => consoleLog.error(error.message, void 0)
var Tab = class {
  mirror = mirrorStore()
  /** Ids of watched states; a position in this list names a state on the wire. */
  watched = []
  wire
  identity
  limits
  report
  calls
  outgoing
  /** States that this connection watches. */
  greeted = 0
  welcomed = !1
  page
  /** The number of the last message that the mirror took. */
  heard = 0
  /** The signed token of the last welcome. */
  token
  /** A resync was asked for; until its welcome, no delta can fit. */
  resyncing = !1
  /** Calls that came with a delta that did not fit: their effect is in the mirror after the resync. */
  unseen = []
  phase = 'idle'
  constructor({ wire, identity, page = systemClock.id(), limits = defaultLimits, report }) {
    ;(this.page = page),
      (this.wire = wire),
      (this.identity = identity),
      (this.limits = limits),
      (this.report = report ?? say),
      (this.calls = new Calls(limits)),
      (this.outgoing = new OutgoingQueue(limits.messageBytes - framingBytes, (name, ...args) =>
        this.wire.send(name, ...args),
      ))
  }
  /** Opens the connection; it is made again whenever it is lost. */
  start() {
    this.phase === 'idle' &&
      ((this.phase = 'started'),
      this.wire.start({
        hello: () => this.hello(),
        message: (name, args) => this.message(name, args),
        closed: (offline, waiting) => this.closed(offline, waiting),
      }))
  }
  /** Tells subscribers of the mirror to look again: something that they show beside it has changed. */
  touch() {
    this.mirror.setState((mirror) => ({ ...mirror }), !0)
  }
  /** Tries to connect at once, where the wire would wait. */
  retry() {
    this.wire.retry?.()
  }
  /** Closes the connection for good. What the mirror shows stays. */
  stop() {
    ;(this.phase = 'stopped'), this.wire.stop()
    const lost =
      'This page has closed its connection for good. Whether the change took effect is unknown: load the page anew to see.'
    this.calls.fail(new HeldStateError('connection-lost', lost)),
      this.show({ ...this.mirror.getState(), status: 'offline', waiting: void 0 })
  }
  /** The one place where the mirror changes: what the hub has said, and on top of it the calls that it has not answered. */
  show(mirror) {
    const { predictions } = this.calls,
      now = this.mirror.getState()
    ;(mirror !== now || predictions !== now.predictions) && this.mirror.setState({ ...mirror, predictions }, !0)
  }
  /** Mirrors a state from now on; the position under which the mirror has it. */
  watch(id) {
    const known = this.watched.indexOf(id)
    return known >= 0 ? known : (this.watched.push(id), this.live && this.watchMissing(), this.watched.length - 1)
  }
  /** Runs an event or starts a task. Resolves when its effect is in the mirror; rejects with a `HeldStateError`. */
  call(definition, member, args, { live: live2, predict } = {}) {
    if (live2 && !this.live)
      return Promise.reject(new HeldStateError('offline', `This page is not connected, and "${member}" does not wait.`))
    const encoded = args.length > 0 ? encode(args) : void 0,
      show = predict && ((view) => predict(view, encoded ? decode(encoded) : [])),
      called = this.request(['call', definition, member, ...(encoded ? [encoded] : [])], {
        again: !0,
        prediction: show && { position: this.watch(definition), show },
      })
    return (show && this.show(this.mirror.getState()), called)
  }
  /** Cancels every running copy of a task. Once it resolves, none writes anything more. */
  cancel(definition, task) {
    return this.request(['cancel', definition, task])
  }
  get live() {
    return this.mirror.getState().status === 'live'
  }
  request(message, how = { again: !0 }) {
    if (this.phase === 'stopped')
      return Promise.reject(new HeldStateError('offline', 'This page has closed its connection.'))
    const bytes = JSON.stringify(message).length + idBytes
    return bytes > this.limits.messageBytes
      ? Promise.reject(
          new HeldStateError(
            'payload-too-large',
            `A call of ${bytes} bytes is larger than the bound "messageBytes", ${this.limits.messageBytes}. Send large data to a route handler.`,
          ),
        )
      : this.calls.add({ message, bytes, ...how }, this.live ? (id, made) => this.send(id, made) : void 0)
  }
  send(id, { message: [name, ...args], bytes }) {
    this.outgoing.add([name, id, ...args], bytes)
  }
  async hello() {
    const token = await this.identity.claim(),
      copyOf2 = token === void 0 ? this.identity.copyOf?.() : void 0
    return (
      (this.greeted = this.watched.length),
      {
        version: 3,
        page: this.page,
        watch: [...this.watched],
        ...(token === void 0 ? {} : { token }),
        ...(copyOf2 === void 0 ? {} : { copyOf: copyOf2 }),
        ...(this.heard === 0 ? {} : { heard: this.heard }),
      }
    )
  }
  message(name, args) {
    try {
      this.handle(parseDown(name, args))
    } catch (error) {
      this.report(fromFailure(toFailure(error, 'invalid-message')))
    }
  }
  handle(message) {
    switch (message.type) {
      case 'welcome':
        return this.welcome(message)
      case 'resumed':
        return this.resumed(message)
      case 'delta':
        return this.delta(message)
      case 'failure':
        return this.report(fromFailure(message.failure))
      case 'stalled':
        return this.mirror.setState({ stalled: message.stalled })
      case 'farewell':
        return this.farewell(message)
    }
  }
  welcome(message) {
    this.loseCalls(message), this.identity.keep(message.token)
    const received = receive(this.mirror.getState(), message)
    received.outcome === 'applied' && this.opened(message, received.mirror)
  }
  resumed(message) {
    const received = receive(this.mirror.getState(), message)
    if (received.outcome !== 'applied') return this.resync()
    this.identity.keep(message.token), this.opened(message, received.mirror)
  }
  opened({ token, done, number }, mirror) {
    this.calls.shown(done),
      this.settleUnseen(),
      this.show(mirror),
      (this.token = token),
      (this.heard = number),
      (this.welcomed = !0),
      (this.resyncing = !1),
      this.watchMissing(),
      this.calls.sendWaiting((id, request) => this.send(id, request))
  }
  /** The calls that wait were made to another state than the one that is here now. */
  loseCalls({ token, revision }) {
    const same = token.split('.')[0] === this.token?.split('.')[0]
    if (!this.welcomed || (same && revision >= this.mirror.getState().revision)) return
    const lost =
      'The server does not have the state of this page any more and began a new one. The change was not made to it.'
    this.calls.fail(new HeldStateError('state-lost', lost))
  }
  delta(message) {
    const received = receive(this.mirror.getState(), message)
    if (received.outcome === 'gap') return (this.resync(), void this.unseen.push(...message.settled))
    ;(this.heard += 1), this.calls.shown(message.done ?? 0)
    for (const settlement of message.settled) this.calls.settle(settlement)
    this.show(received.outcome === 'applied' ? received.mirror : this.mirror.getState())
  }
  resync() {
    this.resyncing || ((this.resyncing = !0), this.outgoing.add(['resync'], 10))
  }
  settleUnseen() {
    const { unseen } = this
    this.unseen = []
    for (const settlement of unseen) this.calls.settle(settlement)
  }
  /** Asks for states that were added after the hello of this connection. */
  watchMissing() {
    for (const id of this.watched.slice(this.greeted))
      this.request(['watch', id], { again: !1 }).catch((error) => {
        error.code !== 'connection-lost' && this.report(error)
      })
    this.greeted = this.watched.length
  }
  farewell({ failure, spreadMs = 0 }) {
    switch (failure.code) {
      case 'invalid-token':
        return (this.report(fromFailure(failure)), this.identity.forget())
      case 'hub-closed':
        return this.wire.spread?.(spreadMs)
      default:
        this.report(fromFailure(failure)), this.stop()
    }
  }
  closed(offline, waiting) {
    this.phase !== 'stopped' &&
      ((this.resyncing = !1),
      this.outgoing.clear(),
      (this.unseen = []),
      this.mirror.setState({ status: offline ? 'offline' : this.welcomed ? 'reconnecting' : 'connecting', waiting }),
      this.calls.interrupt(),
      !this.welcomed && waiting?.attempt)
  }
}

export { Tab }
