/** Stands between a client and its server, and can swallow what the server answers, or cut all connections. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class CutProxy {
  /** What the server answers is lost. */
  swallows = false
  private readonly sockets = new Set<Socket>()
  private readonly server: Server

  private constructor(port: number) {
    this.server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      near.on('data', (data) => far.write(data))
      far.on('data', (data) => void (this.swallows || near.write(data)))
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          this.sockets.delete(one)
          other.destroy()
        })
      }
    }).listen(0, '127.0.0.1')
  }

  static async to(port: number): Promise<CutProxy> {
    const proxy = new CutProxy(port)
    await once(proxy.server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.server.close()
  }
}
