/** A proxy before several servers, as it stands before the zones of a site. It hands requests and upgrades on as they are. */
import { request as ask, createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface Front {
  readonly url: string
  close(): void
}

/** `portFor` says which server is asked for a path. */
export async function proxyTo(portFor: (path: string) => number): Promise<Front> {
  const server: Server = createServer((request, response) => {
    const { method, url = '/', headers } = request
    const asked = ask({ host: '127.0.0.1', port: portFor(url), method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    asked.on('error', () => response.destroy())
    request.pipe(asked)
  })
  server.on('upgrade', ({ url = '/', rawHeaders }, socket) => {
    socket.on('error', () => {})
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
    const onward = connect(portFor(url), '127.0.0.1', () => {
      onward.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
