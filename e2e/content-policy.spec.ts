/** A strict content security policy needs no exception for heldstate: no eval, no inline script or style, and one connection to the own origin. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@playwright/test'
import { counterOf, live, reaches } from './demo'

/** Next's own inline scripts have no nonce on static pages, so they are allowed here. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types default nextjs nextjs#bundler',
].join('; ')

let proxy: Server | undefined
test.afterAll(() => {
  proxy?.close()
  proxy?.closeAllConnections()
})

/** The app behind a proxy that adds the policy, as one does in production. */
async function withPolicy(baseURL: string): Promise<string> {
  const to = (url: string | undefined) => new URL(url ?? '/', baseURL)
  proxy = createServer(({ url, method, headers }, answer) => {
    const passed = request(to(url), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, { ...response.headers, 'content-security-policy': policy })
      response.pipe(answer)
    })
    passed.on('error', () => answer.destroy()).end()
  }).on('upgrade', ({ url, headers }, socket, head) => {
    request(to(url), { headers })
      .on('upgrade', ({ rawHeaders }, upstream, first) => {
        const pairs = rawHeaders.map((text, index) => `${text}${index % 2 ? '\r\n' : ': '}`).join('')
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${pairs}\r\n`)
        socket.write(first)
        upstream.write(head)
        socket.pipe(upstream).pipe(socket)
        for (const end of [socket, upstream]) end.on('error', () => end.destroy())
      })
      .on('error', () => socket.destroy())
      .end()
  })
  await new Promise<void>((resolve) => proxy?.listen(0, 'localhost', resolve))
  return `http://localhost:${(proxy.address() as AddressInfo).port}/background-tasks`
}

test('a page with a strict content security policy works, and breaks none of it', async ({ page, baseURL }) => {
  const refused: string[] = []
  const sockets: string[] = []
  page.on('websocket', (socket) => socket.url().includes('heldstate') && sockets.push(socket.url()))
  await page.exposeFunction('refuse', (text: string) => void refused.push(text))
  await page.addInitScript(() => {
    // what Turbopack's loader of chunks needs of Trusted Types
    const { trustedTypes } = globalThis as unknown as {
      trustedTypes: { createPolicy(name: string, rules: object): void }
    }
    trustedTypes.createPolicy('default', { createScriptURL: (url: string) => url })
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, sample }) =>
      (globalThis as unknown as { refuse(text: string): void }).refuse(
        `${violatedDirective} ${blockedURI} ${sourceFile} ${sample}`,
      ),
    )
  })
  await page.goto(await withPolicy(baseURL as string))
  await live(page)
  const held = await page.evaluate(() => {
    try {
      return setTimeout('globalThis.evaluated = true', 1) && 'runs'
    } catch {
      return 'is refused'
    }
  })
  expect(held).toBe('is refused')
  await counterOf(page, 'A function under the lock').start.click()
  await reaches(counterOf(page, 'A function under the lock').count, 2)
  expect(sockets).toEqual([expect.stringContaining('/_heldstate/')])
  expect(refused.filter((line) => !line.includes('setTimeout'))).toEqual([])
})
