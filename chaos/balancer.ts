/**
 * A small balancer for several nodes on this machine: each connection goes to a node that lives, in turns, and bytes pass as
 * they are, so websockets do too. A node that does not take a connection is skipped. One that does not answer a question in
 * time is taken for dead, and its connections are cut, as balancers do that are told to; so a page is not left with it.
 */
import { once } from 'node:events'
import { get } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface BalancerOptions {
  /** Ports of this machine. */
  readonly nodes: readonly number[]
  /** Default: one that is free. */
  readonly port?: number
  /** Where it listens; `null` is everywhere. Default: this machine alone. */
  readonly host?: string | null
  /** Answers on a connection while no node lives, or gives it to one `again` later. Default: it is closed. */
  away?(socket: Socket, again: () => void): void
  /** Default: in turns. */
  pick?(living: readonly number[]): number
  /** Milliseconds between two questions; a node that takes longer for an answer is taken for dead. None are asked without. */
  readonly healthMs?: number
  /** A node was found dead, or living again. */
  changed?(node: number, lives: boolean): void
}

export class Balancer {
  /** Nodes that get no connections now. */
  readonly dead = new Set<number>()
  private readonly options: BalancerOptions
  private readonly server: Server
  private readonly open = new Map<Socket, number>()
  private turn = 0
  private timer: ReturnType<typeof setInterval> | undefined

  private constructor(options: BalancerOptions) {
    this.options = options
    this.server = createServer((socket) => this.serve(socket, new Set(this.dead)))
  }

  static async start(options: BalancerOptions): Promise<Balancer> {
    const balancer = new Balancer(options)
    const { port = 0, host = '127.0.0.1' } = options
    balancer.server.listen(port, host ?? undefined)
    await once(balancer.server, 'listening')
    const { healthMs, nodes } = options
    const askAll = (withinMs: number) => {
      for (const node of nodes) balancer.ask(node, withinMs)
    }
    if (healthMs) balancer.timer = setInterval(askAll, healthMs, healthMs)
    return balancer
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Ends all connections to a node. */
  cut(node: number): void {
    for (const [socket, of] of this.open) if (of === node) socket.destroy()
  }

  async close(): Promise<void> {
    clearInterval(this.timer)
    this.server.close()
    for (const socket of this.open.keys()) socket.destroy()
    await once(this.server, 'close')
  }

  private serve(socket: Socket, skipped: Set<number>): void {
    const node = this.next(skipped)
    socket.on('error', () => {})
    if (node === undefined) {
      if (this.options.away) this.options.away(socket, () => this.serve(socket, new Set(this.dead)))
      else socket.destroy()
      return
    }
    const target = connect(node, '127.0.0.1')
    this.open.set(socket, node)
    let connected = false
    target.once('connect', () => {
      connected = true
      socket.pipe(target).pipe(socket)
    })
    target.on('error', () => {})
    target.once('close', () => {
      if (connected || socket.destroyed) socket.destroy()
      else this.serve(socket, skipped.add(node))
    })
    socket.once('close', () => {
      this.open.delete(socket)
      target.destroy()
    })
  }

  private next(skipped: ReadonlySet<number>): number | undefined {
    const living = this.options.nodes.filter((node) => !skipped.has(node))
    if (living.length === 0) return undefined
    this.turn += 1
    return this.options.pick?.(living) ?? living[this.turn % living.length]
  }

  private ask(node: number, withinMs: number): void {
    const question = get({ port: node, host: '127.0.0.1', path: '/icon.svg', timeout: withinMs, agent: false })
    question.on('response', (answer) => {
      answer.resume()
      this.judge(node, true)
    })
    question.on('timeout', () => question.destroy(new Error('no answer')))
    question.on('error', () => this.judge(node, false))
  }

  private judge(node: number, lives: boolean): void {
    if (lives !== this.dead.has(node)) return
    if (lives) this.dead.delete(node)
    else this.dead.add(node)
    if (!lives) this.cut(node)
    this.options.changed?.(node, lives)
  }
}
