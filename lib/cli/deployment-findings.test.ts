/** A real hub behind a real http server, and proxies before it that do what proxies do wrong. */
import { request as ask, createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { socketPaths } from '../protocol/path.js'
import { isOurPath } from '../transport/own-path.js'
import { listening } from '../transport/server.fixture.js'
import { deploymentFindings } from './deployment-findings.js'

async function app(zone = '') {
  const served = await listening([], { zone })
  served.hub.registry.app = `${zone || '/'}#1a2b3c4d`
  served.server.prependListener('request', (request, response) => {
    if (isOurPath(socketPaths(zone), request.url)) return
    response.statusCode = ['/', '/shop/cart'].includes(request.url ?? '') ? 200 : 404
    response.end('a page')
  })
  onTestFinished(served.close)
  return served
}

interface Proxy {
  /** Passes websockets on. */
  readonly upgrades?: boolean
  change?(headers: IncomingMessage['headers']): void
  changeAnswer?(headers: IncomingMessage['headers']): void
  /** Which port a request goes to, in turn. */
  readonly ports: readonly number[]
  portFor?(request: IncomingMessage): number
  changeUrl?(url: string): string
}

async function proxy(given: Proxy): Promise<string> {
  const { ports, upgrades = true, change = () => {}, changeAnswer = () => {}, changeUrl = (url) => url } = given
  let turn = 0
  const next = (request: IncomingMessage) => given.portFor?.(request) ?? (ports[turn++ % ports.length] as number)
  const server = createServer((request, response) => {
    const headers = { ...request.headers }
    change(headers)
    const passed = ask(
      { port: next(request), host: '127.0.0.1', path: changeUrl(request.url ?? '/'), method: request.method, headers },
      (answer) => {
        changeAnswer(answer.headers)
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      },
    )
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  if (upgrades)
    server.on('upgrade', (request, socket) => {
      const passed = connect(next(request), '127.0.0.1')
      const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
      passed.write(`GET ${changeUrl(request.url ?? '/')} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      passed.pipe(socket).pipe(passed)
      for (const end of [passed, socket]) end.on('error', () => {})
    })
  return listen(server)
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const portOf = ({ host }: { host: string }) => Number(host.split(':')[1])
const wrong = async (url: string) => (await deploymentFindings(url)).filter(({ kind }) => kind !== 'fine')

test('finds nothing wrong with a server of its own, nor behind a proxy that passes all on, and leaves no session', async () => {
  const served = await app()
  expect(await deploymentFindings(served.url)).toEqual([
    { kind: 'fine', text: 'answers with 200' },
    { kind: 'fine', text: 'heldstate answers' },
    { kind: 'fine', text: 'the browser cookie is HttpOnly' },
    { kind: 'fine', text: 'a second request reaches the same server' },
    { kind: 'fine', text: 'WebSocket connections work' },
  ])
  expect(await wrong(await proxy({ ports: [portOf(served)] }))).toEqual([])
})

test('the hub of a zone is asked below the path of the zone, and one of another app is named', async () => {
  const shop = await app('/shop')
  const main = await app()
  const zoned = ({ url }: IncomingMessage) => portOf(url?.startsWith('/shop/_heldstate') ? shop : main)
  const site = await proxy({ ports: [], portFor: zoned })
  expect(await wrong(`${site}/shop/cart`)).toEqual([])
  expect((await deploymentFindings(`${site}/shop/cart`)).map(({ text }) => text)).toContain(
    'heldstate answers at /shop/_heldstate',
  )
  expect(await wrong(site)).toEqual([])
  const mixed = await proxy({
    ports: [portOf(main)],
    changeUrl: (url) => url.replace('/shop/_heldstate', '/_heldstate'),
  })
  expect(await wrong(`${mixed}/shop/cart`)).toEqual([
    {
      kind: 'broken',
      text: expect.stringMatching(
        /^The server that answers at \/shop\/_heldstate belongs to the app at \/ and rejects/,
      ),
    },
  ])
  const forgotten = await proxy({ ports: [portOf(main)] })
  expect((await deploymentFindings(`${forgotten}/shop/cart`, '/shop')).filter(({ kind }) => kind !== 'fine')).toEqual([
    { kind: 'broken', text: expect.stringMatching(/^heldstate does not answer at \/shop\/_heldstate \(status 404\)/) },
  ])
})

const strip = (headers: IncomingMessage['headers']) => {
  delete headers.upgrade
  delete headers.connection
}

test('a proxy that takes Upgrade away is noted, since tabs then poll', async () => {
  const url = await proxy({ ports: [portOf(await app())], upgrades: false, change: strip })
  expect(await wrong(url)).toEqual([
    {
      kind: 'note',
      text: expect.stringMatching(
        /^WebSocket connections fail \(status 400\), so tabs fall back to slower long polling/,
      ),
    },
  ])
})

test('servers that answer in turns are noted, and broken where no websocket gets through', async () => {
  const ports = [portOf(await app()), portOf(await app()), portOf(await app())]
  expect(await wrong(await proxy({ ports }))).toEqual([
    { kind: 'note', text: expect.stringContaining('HELDSTATE_REDIS') },
  ])
  const without = await proxy({ ports, upgrades: false, change: strip })
  expect(await wrong(without)).toContainEqual({ kind: 'broken', text: expect.stringContaining('sticky sessions') })
})

test('a proxy that changes Host is broken', async () => {
  const url = await proxy({
    ports: [portOf(await app())],
    change: (headers) => {
      headers.host = 'inside:3000'
    },
  })
  expect(await wrong(url)).toEqual([
    { kind: 'broken', text: expect.stringContaining('a proxy changes the Host header') },
  ])
})

test('a cookie that is taken away, or is no longer HttpOnly, is broken', async () => {
  const ports = [portOf(await app())]
  const gone = await proxy({ ports, changeAnswer: (headers) => void delete headers['set-cookie'] })
  expect(await wrong(gone)).toEqual([
    { kind: 'broken', text: expect.stringContaining('something removes the Set-Cookie header') },
  ])
  const open = await proxy({
    ports,
    changeAnswer: (headers) => {
      const cookies = headers['set-cookie']
      if (cookies) headers['set-cookie'] = cookies.map((cookie) => cookie.replace('; HttpOnly', ''))
    },
  })
  expect(await wrong(open)).toEqual([{ kind: 'broken', text: expect.stringContaining('is not HttpOnly') }])
})

test('a server without heldstate is broken, with what to start instead', async () => {
  const url = await listen(createServer((_, response) => response.writeHead(404).end()))
  expect(await wrong(url)).toEqual([
    { kind: 'note', text: `${url}/ answers with 404` },
    { kind: 'broken', text: expect.stringContaining('(status 404). Start the app with "heldstate start"') },
  ])
})

test('an address that does not answer, and one that is none, are broken', async () => {
  expect(await wrong('http://127.0.0.1:1')).toEqual([
    {
      kind: 'broken',
      text: expect.stringMatching(/did not answer \(connect ECONNREFUSED.*\)\. Check that the app is running/),
    },
  ])
  expect(await wrong('example.com')).toEqual([
    { kind: 'broken', text: '"example.com" is not a URL. Use a URL such as https://example.com' },
  ])
})
