/** What is read-only, to its leaves. */
import { expectTypeOf } from 'vitest'
import type { DeepReadonly } from './view.js'

expectTypeOf<DeepReadonly<[]>>().toEqualTypeOf<readonly []>()
expectTypeOf<DeepReadonly<{ a: string[] | [1] }>>().toEqualTypeOf<{ readonly a: readonly string[] | readonly [1] }>()
expectTypeOf<DeepReadonly<[a?: { b: number }]>>().toEqualTypeOf<readonly [a?: { readonly b: number }]>()
expectTypeOf<DeepReadonly<[...{ b: number }[], string]>>().toEqualTypeOf<
  readonly [...{ readonly b: number }[], string]
>()
expectTypeOf<DeepReadonly<{ b: number }[]>>().toEqualTypeOf<readonly { readonly b: number }[]>()
expectTypeOf<DeepReadonly<[x: { b: number }, ...string[]]>>().toEqualTypeOf<
  readonly [x: { readonly b: number }, ...string[]]
>()
