/**
 * A request that server code hands over, where Next does not tell of it: in `pages/api` and `getServerSideProps`, and in a server of one's own.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { HeldStateError } from '../../base/errors.js'

/** `{ req }`; what `getServerSideProps` is given is one. */
export interface GivenRequest {
  /** Of Node, as Pages Router has it, or a `Request`. */
  readonly req: { readonly headers: IncomingHttpHeaders | Pick<Headers, 'get'> }
}

export type RequestHeaders = Pick<Headers, 'get'>

/** The same object for the same request. Throws `unknown-tab` if it is none. */
export function headersOf({ req }: GivenRequest): RequestHeaders {
  const headers: unknown = req?.headers
  if (typeof headers !== 'object' || headers === null)
    throw new HeldStateError(
      'unknown-tab',
      'Expected a request. Pass { req } with the first argument of a pages/api handler, or the context of getServerSideProps.',
    )
  if (typeof (headers as Headers).get === 'function') return headers as Headers
  const known = wrapped.get(req) ?? {
    get: (name: string) => textOf((headers as IncomingHttpHeaders)[name.toLowerCase()]),
  }
  wrapped.set(req, known)
  return known
}

const wrapped = new WeakMap<object, RequestHeaders>()

const textOf = (value: string | readonly string[] | undefined): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
