/** Several processes over one redis, behind a balancer: what the chaos of nodes and their tests are made of. */

import { RedisServer } from '../lib/cluster/redis/server.fixture.js'
import { redisStore } from '../lib/cluster/redis/store.js'
import type { Chance } from '../lib/testing/chance.js'
import { Balancer } from './balancer.js'
import { ChaosServer, freePort } from './process.js'

/** What nodes say of a redis that is out of reach for a while, which is so on purpose. */
const onPurpose =
  /A caller is waiting for the lock|Another process took over|[Rr]edis at .* is (unreachable|back)|ECONNREFUSED|ECONNRESET|[Ss]ocket closed|LOADING|^at |^\[?(cause|errno|code|syscall|address|port|errors)|^[[\]}]/

export class ChaosCluster {
  readonly redis: RedisServer
  readonly nodes: readonly ChaosServer[]
  readonly balancer: Balancer

  private constructor(redis: RedisServer, nodes: readonly ChaosServer[], balancer: Balancer) {
    this.redis = redis
    this.nodes = nodes
    this.balancer = balancer
  }

  /** `lease` as the store takes it. */
  static async start(count: number, chance: Chance, lease: string): Promise<ChaosCluster> {
    const redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always')
    const ports: number[] = []
    while (ports.length < count) ports.push(await freePort(chance))
    const nodes = ports.map((port) => new ChaosServer(port, `${redis.url}?lease=${lease}`, onPurpose))
    await Promise.all(nodes.map((node) => node.start()))
    const balancer = await Balancer.start({ nodes: ports, pick: (living) => chance.pick(living) })
    return new ChaosCluster(redis, nodes, balancer)
  }

  get url(): string {
    return this.balancer.url
  }

  node(index: number): ChaosServer {
    return this.nodes[index] as ChaosServer
  }

  /** What is kept of tokens, as another process would find it. */
  async kept(tokens: readonly string[]) {
    const store = redisStore(this.redis.url)
    const kept = await Promise.all(tokens.map(async (token) => store.read(token)))
    await store.close()
    return kept
  }

  async remove(): Promise<void> {
    await this.balancer.close()
    for (const node of this.nodes) node.thaw()
    await Promise.all(this.nodes.map((node) => node.end('SIGKILL')))
    await this.redis.remove()
  }
}
