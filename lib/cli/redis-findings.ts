/** Whether the redis that HELDSTATE_REDIS names can keep state: it is asked as a process of the app asks it. */
import { messageOf } from '../base/errors.js'
import { redisStore } from '../cluster/redis/store.js'
import { broken, type Finding, fine, note } from './finding.js'
import { installedVersion, packageManagerOf } from './project.js'
import { settingOf } from './setting.js'

export const redisOf = (dir: string, environment = process.env.HELDSTATE_REDIS): string =>
  settingOf(dir, 'HELDSTATE_REDIS', environment).value

export async function redisFindings(dir: string, url: string): Promise<readonly Finding[]> {
  const packageManager = packageManagerOf(dir)
  const add = `${packageManager} ${packageManager === 'npm' ? 'install' : 'add'} redis`
  if (installedVersion(dir, 'redis') === undefined)
    return [broken(`HELDSTATE_REDIS is set, but the package "redis" is not installed. Run: ${add}`)]
  const notes: Finding[] = []
  const warn = (text: string) => void notes.push(note(text))
  try {
    const store = redisStore(url, { log: { info: () => {}, warn, error: warn } })
    try {
      await store.open()
    } finally {
      await store.close()
    }
  } catch (error) {
    return [...notes, broken(messageOf(error))]
  }
  return [fine('the Redis at HELDSTATE_REDIS answers and can store state'), ...notes]
}
