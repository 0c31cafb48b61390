/**
 * Supervises the demo, so that a visitor may kill it: `npm run demo` runs one process over the embedded store, and
 * `npm run try:nodes` three over a redis of its own, behind a small balancer. `-- --nodes 5 --port 3000` sets both. A process that
 * ends is started again. Ctrl-C ends all of it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Balancer } from '../../chaos/balancer.ts'
import { freePort, RedisServer } from '../../lib/cluster/redis/server.fixture.ts'
import { bringRedis } from '../find/redis.mjs'
import { serveWaiting, whileAway } from './away.mjs'
import { DemoNode } from './node.mjs'

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '1' }, port: { type: 'string', default: process.env.PORT ?? '3000' } },
})
const count = Number(values.nodes)
const port = Number(values.port)
if (!(count >= 1 && count <= 16 && Number.isInteger(count))) fail('--nodes takes a whole number from 1 to 16.')
if (!(port >= 1 && port <= 65_535)) fail('--port takes a number from 1 to 65535.')
const several = count > 1
const distDir = process.env.HELDSTATE_DIST_DIR ?? '.next'

if (!existsSync(`${distDir}/BUILD_ID`)) {
  console.log('There is no production build of the demo yet, so it is built first.')
  const build = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { stdio: 'inherit' })
  const [code] = await once(build, 'exit')
  if (code !== 0) process.exit(1)
}
if (several) process.env.REDIS_SERVER ??= bringRedis()
const redis = several ? await RedisServer.start('--appendonly', 'yes') : undefined

const nodes = []
for (const name of 'ABCDEFGHIJKLMNOP'.slice(0, count))
  nodes.push(
    new DemoNode({
      name,
      port: await freePort(),
      env: {
        DEMO_SUPERVISED: String(count),
        ...(redis && { HELDSTATE_REDIS: redis.url, HELDSTATE_SECRET: 'only for trying it on this machine' }),
      },
      awayMs: several ? 3_000 : 500,
      say: (name, text) => console.log(several ? `  ${name}: ${text.replaceAll('\n', `\n  ${name}: `)}` : text),
      changed: (node, what, how) => {
        if (what === 'ended') console.log(`Process ${node.pid}${several ? ` (${node.name})` : ''} has ended by ${how}.`)
        else {
          serveWaiting()
          if (node.starts > 1) console.log(`Process ${node.pid}${several ? ` (${node.name})` : ''} serves now.`)
        }
      },
    }),
  )
const balancer = await Balancer.start({
  nodes: nodes.map((node) => node.port),
  port,
  host: null,
  away: whileAway,
  ...(several && { healthMs: 1_000 }),
}).catch((error) => {
  if (error.code === 'EADDRINUSE')
    fail(`Port ${port} is in use. PORT=${port + 1} in front of the command takes another.`)
  throw error
})
let ending = false
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0))
process.on('unhandledRejection', (error) => {
  console.error(error instanceof Error ? error.message : error)
  void end(1)
})
await Promise.all(nodes.map((node) => node.start()))

console.log(`heldstate: ready on http://localhost:${port}`)
console.log(
  several
    ? `
${nodes.map((node) => `  ${node.name}  process ${node.pid}  http://localhost:${node.port}`).join('\n')}
  redis  ${redis.url}

Open /torture, and kill, freeze or roll out the process that serves you. From a terminal:

  kill -9 ${nodes[0].pid}     its pages are live again within a second; durable tasks go on elsewhere after 2 seconds
  kill ${nodes[1].pid}        the same in order: durable tasks go on elsewhere at once
  kill -STOP ${nodes[0].pid}  and kill -CONT after a while: it counts as dead, and writes nothing when it wakes
  redis-cli -p ${redis.port} monitor    what the processes write

A process that ended is started again after 3 seconds. Ctrl-C ends everything.`
    : `Process ${nodes[0].pid} serves it, and is started again when it ends: kill -9 it, or press Kill on the home page. Ctrl-C ends all.`,
)

async function end(code) {
  if (ending) return
  ending = true
  for (const node of nodes) node.ending = true
  await balancer.close()
  await Promise.all(nodes.map((node) => node.end()))
  await redis?.remove()
  process.exit(code)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
