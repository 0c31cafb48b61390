/** Checks whether a redis can store state: fully on the first connection, in part on each later one. */
import { HeldStateError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { Reply } from './client.js'
import type { Script } from './script.js'

/** The format of the stored state. It changes when an older version can no longer read it. */
const format = '1'

export interface RedisCheck {
  readonly first: boolean
  /** Host and port. */
  readonly where: string
  readonly prefix: string
  readonly log: Log
  readonly scripts: readonly Script[]
}

type Command = (...args: string[]) => Promise<Reply>

export async function checkRedis(command: Command, check: RedisCheck): Promise<void> {
  const { first, prefix, scripts } = check
  if (first) await checkServer(command, check)
  await command('PERSIST', `${prefix}format`) // a write that changes nothing, and that a replica refuses
  await checkFormat(command, check)
  await Promise.all(scripts.map(({ text }) => command('SCRIPT', 'LOAD', text)))
}

async function checkServer(command: Command, { where, log }: RedisCheck): Promise<void> {
  const info = await command('INFO').then(readInfo, (error) => {
    if (messageOf(error).startsWith('NOPERM')) return new Map<string, string>() // this user may not ask
    throw error
  })
  const unfit = (says: string) => new HeldStateError('store-misconfigured', says)
  const version = info.get('redis_version')
  if (version !== undefined && Number.parseInt(version, 10) < 7)
    throw unfit(`The Redis at ${where} is version ${version}; heldstate needs 7 or newer.`)
  if (info.get('redis_mode') === 'cluster')
    throw unfit(
      `The Redis at ${where} is a Redis Cluster, which heldstate does not support. Use a Redis without cluster mode.`,
    )
  if (info.get('role') === 'slave')
    throw unfit(`The Redis at ${where} is a read-only replica. Use the URL of its primary.`)
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction' && info.get('maxmemory') !== '0')
    log.warn(
      `The Redis at ${where} evicts state when its memory is full: its maxmemory-policy is "${policy}". Set it to "noeviction".`,
    )
}

const readInfo = (info: Reply) =>
  new Map(
    String(info)
      .split('\r\n')
      .map((line) => line.split(/:(.*)/, 2) as [string, string]),
  )

async function checkFormat(command: Command, { where, prefix }: RedisCheck): Promise<void> {
  const key = `${prefix}format`
  if ((await command('GET', key)) === null) await command('SET', key, format, 'NX')
  const kept = await command('GET', key)
  if (kept === format) return
  throw new HeldStateError(
    'store-misconfigured',
    `The Redis at ${where} contains state of another heldstate version under "${prefix}" (format ${kept}, this version has ${format}). Use another prefix, or delete those keys; tabs then start with first values.`,
  )
}
