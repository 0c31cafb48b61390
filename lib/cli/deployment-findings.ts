/**
 * What can be seen of a running app from outside: the page, the cookie that names a browser, and whether a websocket gets
 * through what stands before the server. It speaks as a tab does, up to the handshake, and leaves no state behind.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { messageOf } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'
import { appHeader } from '../protocol/caller.js'
import { socketPath, zoneSuffix } from '../protocol/path.js'
import { broken, type Finding, fine, note } from './finding.js'

/** `zone` is that of the app, where its config says it; else it is looked for along the path of the address. */
export async function deploymentFindings(address: string, zone?: string): Promise<readonly Finding[]> {
  const url = parsed(address)
  if (!url) return [broken(`${JSON.stringify(address)} is not a URL. Use a URL such as https://example.com`)]
  const page = await ask(url, url)
  if ('failed' in page)
    return [
      broken(`${url.href} did not answer (${page.failed}). Check that the app is running and that the URL is right.`),
    ]
  const { path, handshake, session } = await greet(url, zone)
  const pageFinding =
    page.status < 400 ? fine(`answers with ${page.status}`) : note(`${url.href} answers with ${page.status}`)
  if (session === undefined) return [pageFinding, noHandshake(handshake, path)]
  const other = otherHub(handshake, path)
  if (other) return [pageFinding, other]
  const endpoint = endpointAt(url, path)
  const socket = await websocket(url, endpoint('websocket'))
  return [
    pageFinding,
    fine(path === socketPath ? 'heldstate answers' : `heldstate answers at ${path}`),
    cookieFinding(handshake, url),
    await staying(url, endpoint('polling'), session, socket.kind === 'fine'),
    socket,
  ]
}

/** Segments of the path of an address along which a hub is looked for. */
const deepestZone = 3

interface Greeted {
  readonly path: string
  readonly handshake: Asked
  readonly session: string | undefined
}

/** The first hub that answers along the path of the address, the deepest first; or what the last one said that did not. */
async function greet(url: URL, zone: string | undefined): Promise<Greeted> {
  const segments = url.pathname.split('/').filter(Boolean).slice(0, deepestZone)
  const along = segments.map((_, at) => `/${segments.slice(0, segments.length - at).join('/')}`)
  let greeted: Greeted | undefined
  for (const one of zone === undefined ? [...along, ''] : [zone]) {
    const path = `${one}${socketPath}`
    const handshake = await ask(url, endpointAt(url, path)('polling'))
    greeted = { path, handshake, session: sessionOf(handshake) }
    if (greeted.session !== undefined) break
  }
  return greeted as Greeted
}

/** Whether the hub says of itself that it is that of another zone. One that knows no app says nothing. */
function otherHub(answer: Asked, path: string): Finding | undefined {
  const app = 'failed' in answer ? undefined : answer.headers[appHeader]?.toString()
  const zone = app?.split('#', 1)[0]
  const asked = path.slice(0, -socketPath.length) || '/'
  if (zone === undefined || zone === asked) return undefined
  return broken(
    `The server that answers at ${path} belongs to the app at ${zone} and rejects pages of the app at ${asked}. Configure the proxy to forward ${path}/ to the server of that app ` +
      'without changing the path.',
  )
}

function parsed(address: string): URL | undefined {
  try {
    const url = new URL(address)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
  } catch {
    return undefined
  }
}

const endpointAt = (url: URL, path: string) => (transport: 'polling' | 'websocket') =>
  new URL(`${path}${path === socketPath ? '/' : zoneSuffix}?EIO=4&transport=${transport}`, url)

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Asked = Answer | { readonly failed: string }

/** A request as a page at `from` makes it. An upgrade that is granted is an answer too, of status 101. */
function ask(
  from: URL,
  to: URL,
  more: { body?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<Asked> {
  const request = to.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(processLimits.deploymentAnswerMs)
    const failed = (error: unknown) =>
      resolve({
        failed: signal.aborted ? `no answer for ${processLimits.deploymentAnswerMs / 1000} seconds` : reasonOf(error),
      })
    const asking = request(to, {
      method: more.body === undefined ? 'GET' : 'POST',
      headers: { origin: from.origin, ...more.headers },
      signal,
    })
    asking.on('error', failed)
    asking.on('upgrade', ({ statusCode = 0, headers }, socket) => {
      socket.destroy()
      resolve({ status: statusCode, headers, body: '' })
    })
    asking.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    asking.end(more.body)
  })
}

/** Node gives no message where several addresses were tried, only a code. */
const reasonOf = (error: unknown) => messageOf(error) || String((error as NodeJS.ErrnoException).code)

/** The id that Socket.IO gives in its first packet. */
function sessionOf(answer: Asked): string | undefined {
  if ('failed' in answer || answer.status !== 200) return undefined
  return /^0\{.*"sid":"([^"]+)"/.exec(answer.body)?.[1]
}

function noHandshake(answer: Asked, path: string): Finding {
  if ('failed' in answer) return broken(`heldstate does not answer at ${path} (${answer.failed}).`)
  const { status, headers, body } = answer
  if (body.includes('origin-not-allowed') || (status === 403 && body.includes('"code":4')))
    return broken(
      'heldstate rejected the page as one of another site: a proxy changes the Host header. Configure it to forward Host unchanged, or to set X-Forwarded-Host.',
    )
  if (body.includes('too-many-connections')) return broken(`heldstate is full: ${body}`)
  if (status >= 300 && status < 400)
    return broken(
      `${path} redirects to ${headers.location}. Pass that URL to doctor, or exclude the path from the redirect.`,
    )
  return broken(
    `heldstate does not answer at ${path} (status ${status}). Start the app with "heldstate start", with a server that calls serve(), or with the attach line in instrumentation.ts; ` +
      'serverless platforms do not support sockets. If you did, configure the proxy to forward that path.',
  )
}

function cookieFinding(answer: Asked, { protocol }: URL): Finding {
  const cookies = 'failed' in answer ? [] : (answer.headers['set-cookie'] ?? [])
  const cookie = cookies.find((text) => /^(?:__Host-)?heldstate(?:\.[^=]*)?=/.test(text))
  if (cookie === undefined)
    return broken(
      'The browser cookie does not arrive: something removes the Set-Cookie header. Without the cookie, a reload loses its state.',
    )
  if (!/;\s*HttpOnly/i.test(cookie))
    return broken(
      'The browser cookie is not HttpOnly: something rewrites the Set-Cookie header. Make sure that the proxy leaves the header unchanged.',
    )
  if (protocol === 'https:' && !/;\s*Secure/i.test(cookie))
    return note(
      'The browser cookie is not Secure: the proxy does not report that the page came over https. Configure it to set X-Forwarded-Proto.',
    )
  return fine(`the browser cookie is HttpOnly${protocol === 'https:' ? ' and Secure' : ''}`)
}

/** Whether a second request finds the session of the first, which it closes. A websocket is one request. */
async function staying(url: URL, to: URL, session: string, hasWebsockets: boolean): Promise<Finding> {
  to.searchParams.set('sid', session)
  const answer = await ask(url, to, { body: '1', headers: { 'content-type': 'text/plain;charset=UTF-8' } })
  if (!('failed' in answer) && answer.status === 200) return fine('a second request reaches the same server')
  if (hasWebsockets)
    return note(
      'Several servers answer. They must share a Redis and a secret (HELDSTATE_REDIS, HELDSTATE_SECRET). ' +
        'Visitors without a WebSocket need a load balancer with sticky sessions.',
    )
  return broken(
    'The second request did not reach the session of the first: several servers answer. ' +
      'Enable sticky sessions in the load balancer, or run one server.',
  )
}

async function websocket(url: URL, to: URL): Promise<Finding> {
  const answer = await ask(url, to, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'aGVsZHN0YXRlIGRvY3Rvcg==', // any 16 bytes
    },
  })
  if (!('failed' in answer) && answer.status === 101) return fine('WebSocket connections work')
  const what = 'failed' in answer ? answer.failed : `status ${answer.status}`
  return note(
    `WebSocket connections fail (${what}), so tabs fall back to slower long polling. A proxy ` +
      'removes the Upgrade header; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  )
}
