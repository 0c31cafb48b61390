/**
 * What can be seen of a running app from outside: the page, the cookie that names a browser, and whether a websocket gets
 * through what stands before the server. It speaks as a tab does, up to the handshake, and leaves no state behind.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { messageOf } from '../base/errors.js'
import { processLimits } from '../base/server-limits.js'
import { appHeader } from '../protocol/caller.js'
import { socketPath, zoneEnd } from '../protocol/path.js'
import { broken, type Finding, fine, note } from './finding.js'

/** `zone` is that of the app, where its config says it; else it is looked for along the path of the address. */
export async function deploymentFindings(address: string, zone?: string): Promise<readonly Finding[]> {
  const url = parsed(address)
  if (!url) return [broken(`${JSON.stringify(address)} is no address. Give one as https://example.com`)]
  const page = await ask(url, url)
  if ('failed' in page)
    return [broken(`${url.href} does not answer (${page.failed}). Is the app running, and the address right?`)]
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
    `The hub that answers at ${path} is that of the app at ${zone}, and refuses pages of the app at ${asked}. Let the proxy hand on ${path}/ to the ` +
      'server of that app, with the path as it is.',
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
  new URL(`${path}${path === socketPath ? '/' : zoneEnd}?EIO=4&transport=${transport}`, url)

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
        failed: signal.aborted ? `nothing for ${processLimits.deploymentAnswerMs / 1000} seconds` : reasonOf(error),
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
      'heldstate takes the page for one of another site: a proxy changes the header Host. Let it pass Host on as it is, or set X-Forwarded-Host.',
    )
  if (body.includes('too-many-connections')) return broken(`heldstate is full: ${body}`)
  if (status >= 300 && status < 400)
    return broken(
      `${path} is redirected to ${headers.location}. Give doctor that address, or leave the path out of what redirects.`,
    )
  return broken(
    `heldstate does not answer at ${path} (status ${status}). The app must be started with "heldstate start", or by a server that ` +
      'calls serve(), or have instrumentation.ts with the line of attach mode; serverless platforms have no socket. If it is so, let ' +
      'the proxy pass on that path.',
  )
}

function cookieFinding(answer: Asked, { protocol }: URL): Finding {
  const cookies = 'failed' in answer ? [] : (answer.headers['set-cookie'] ?? [])
  const cookie = cookies.find((text) => /^(?:__Host-)?heldstate(?:\.[^=]*)?=/.test(text))
  if (cookie === undefined)
    return broken(
      'The cookie of the browser does not arrive: something takes Set-Cookie away. Without it, a reload loses its state.',
    )
  if (!/;\s*HttpOnly/i.test(cookie))
    return broken('The cookie of the browser is not HttpOnly: something rewrites Set-Cookie. Leave it as it is.')
  if (protocol === 'https:' && !/;\s*Secure/i.test(cookie))
    return note(
      'The cookie of the browser is not Secure: the proxy does not say that the page came over https. Let it set X-Forwarded-Proto.',
    )
  return fine(`the cookie of the browser is HttpOnly${protocol === 'https:' ? ' and Secure' : ''}`)
}

/** Whether a second request finds the session of the first, which it ends. A websocket is one request. */
async function staying(url: URL, to: URL, session: string, hasWebsockets: boolean): Promise<Finding> {
  to.searchParams.set('sid', session)
  const answer = await ask(url, to, { body: '1', headers: { 'content-type': 'text/plain;charset=UTF-8' } })
  if (!('failed' in answer) && answer.status === 200) return fine('a second request reaches the same server')
  if (hasWebsockets)
    return note(
      'Several servers answer in turns. They must share a redis and a secret (HELDSTATE_REDIS, HELDSTATE_SECRET). A visitor who gets no ' +
        'websocket needs a balancer that keeps him at one server (sticky sessions).',
    )
  return broken(
    'A second request does not find the session of the first: several servers answer in turns. Let the balancer keep a visitor at one ' +
      'server (sticky sessions), or run one.',
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
  if (!('failed' in answer) && answer.status === 101) return fine('a websocket gets through')
  const what = 'failed' in answer ? answer.failed : `status ${answer.status}`
  return note(
    `A websocket does not get through (${what}), so tabs fall back to polling, which is slower. A proxy takes the header Upgrade ` +
      'away; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  )
}
