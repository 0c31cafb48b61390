/**
 * The demo on three nodes, for trying it: `npm run try:nodes`, or `npm run try:nodes -- --nodes 5 --port 3000`. Starts a
 * redis of its own, nodes in production, and a small balancer before them, and says what to try. Whatever is killed of the
 * nodes is started again after a while. Ctrl-C ends all of it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Balancer } from '../chaos/balancer.ts'
import { freePort, RedisServer } from '../lib/cluster/redis/server.fixture.ts'
import { bringRedis } from './find/redis.mjs'

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '3' }, port: { type: 'string', default: '3000' } },
})
/** Milliseconds after which a node that was killed is started again. */
const awayMs = 10_000
const distDir = process.env.HELDSTATE_DIST_DIR ?? '.next'

if (!existsSync(`${distDir}/BUILD_ID`)) {
  console.log('There is no production build of the demo yet, so it is built first.')
  const build = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { stdio: 'inherit' })
  const [code] = await once(build, 'exit')
  if (code !== 0) process.exit(1)
}
process.env.REDIS_SERVER ??= bringRedis()
const redis = await RedisServer.start('--appendonly', 'yes')
const env = { ...process.env, NODE_ENV: 'production', HELDSTATE_SECRET: 'only for trying it on this machine' }
const nodes = []
let ending = false

class Node {
  constructor(name, port) {
    this.name = name
    this.port = port
  }

  /** Resolves when it serves. */
  start() {
    const child = spawn(process.execPath, ['--import', 'tsx', 'server.ts'], {
      env: { ...env, PORT: String(this.port), HELDSTATE_REDIS: redis.url },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C reaches this script, which ends them in order
    })
    this.child = child
    child.once('exit', (code, signal) => this.ended(signal ?? `code ${code}`))
    return new Promise((resolve) => {
      const hear = (text) => {
        const said = String(text).trim()
        if (said !== '') console.log(`  ${this.name}: ${said.replaceAll('\n', `\n  ${this.name}: `)}`)
        if (said.includes('ready on')) resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', resolve)
    })
  }

  async ended(how) {
    if (ending) return
    console.log(
      `${this.name} (process ${this.child.pid}) has ended by ${how}; it is started again in ${awayMs / 1000} s.`,
    )
    await setTimeout(awayMs)
    if (ending) return
    await this.start()
    console.log(`${this.name} is back, as process ${this.child.pid}.`)
  }

  async end() {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGCONT') // it may have been stopped
    child.kill('SIGTERM')
    await ended
  }
}

for (let index = 1; index <= Number(values.nodes); index += 1) nodes.push(new Node(`node ${index}`, await freePort()))
const balancer = await Balancer.start({
  nodes: nodes.map(({ port }) => port),
  port: Number(values.port),
  healthMs: 1_000,
  changed: (port, lives) => {
    const node = nodes.find((one) => one.port === port)
    console.log(`The balancer ${lives ? 'gives connections to' : 'leaves out'} ${node?.name}.`)
  },
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end())
await Promise.all(nodes.map((node) => node.start()))

console.log(`
The demo runs on ${nodes.length} nodes over one redis: http://localhost:${balancer.port}

${nodes.map(({ name, port, child }) => `  ${name}  process ${child.pid}  http://localhost:${port}`).join('\n')}
  redis   ${redis.url}

Open /background-tasks in some tabs, start both counters with a high Max, and then:

  kill -9 ${nodes[0]?.child.pid}    its tabs are live again within a second, with all that was acknowledged. The counter without bookkeeping is
                durable: it goes on elsewhere when the node is missed, after 2 seconds. The other one stands still
  kill ${nodes[1]?.child.pid}       the same in order: what is durable goes on elsewhere at once
  kill -STOP ${nodes[2]?.child.pid}, and kill -CONT ${nodes[2]?.child.pid} after a while: it is taken for dead, and writes nothing any more when it wakes
  redis-cli -p ${redis.port} monitor    what the nodes write

What was killed is started again after ${awayMs / 1000} seconds. Ctrl-C ends everything.
`)

async function end() {
  if (ending) return
  ending = true
  await balancer.close()
  await Promise.all(nodes.map((node) => node.end()))
  await redis.remove()
  process.exit(0)
}
