/** What the store on the disk of an app holds, and whether it is whole. Nothing of it is changed. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../base/errors.js'
import { type DiskContents, diskContents } from '../store/disk/contents.js'
import { networkDisk } from '../store/disk/network-disk.js'
import { broken, type Finding, fine, note } from './finding.js'

/** `folder` is that of the store, which need not exist. */
export function storeFindings(folder: string): readonly Finding[] {
  if (!existsSync(folder)) return []
  const network = networkDisk(folder)
  return [
    ...contentsFindings(folder),
    ...(network
      ? [
          note(
            `${folder} is on a network disk (${network}), where two machines can corrupt it. Move it to a local disk, or use Redis.`,
          ),
        ]
      : []),
    ...(existsSync(join(folder, 'data.mdb'))
      ? [note(`${folder} contains data.mdb of an older heldstate. Delete it.`)]
      : []),
  ]
}

function contentsFindings(folder: string): readonly Finding[] {
  let contents: DiskContents | undefined
  try {
    contents = diskContents(folder)
  } catch (error) {
    return [broken(`The store in ${folder} cannot be read: ${messageOf(error)}`)]
  }
  if (!contents) return []
  const { file, fault, damaged } = contents
  if (fault)
    return [
      broken(
        `${file} is damaged (${fault}). Stop the server, then restore a backup or move the file away; tabs then start from scratch.`,
      ),
    ]
  const findings = [fine(summary(contents))]
  if (damaged > 0)
    findings.push(
      note(
        `${count(damaged, 'value')} in ${file} could not be read and ${damaged === 1 ? 'was' : 'were'} set aside: SELECT * FROM texts WHERE key LIKE 'damaged/%'`,
      ),
    )
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    findings.push(note(`${file} can be read by other users of the machine. Run: chmod 600 ${file}`))
  return findings
}

function summary({ file, bytes, freeBytes, tokens, tokensWithTasks, states }: DiskContents): string {
  const free = freeBytes > bytes / 4 ? `, of which ${size(freeBytes)} are free` : ''
  const tasks = tokensWithTasks > 0 ? `, ${tokensWithTasks} with background tasks` : ''
  const largest = states
    .slice(0, 3)
    .map(({ state, tokens, characters }) => `${state} ${size(characters)} in ${count(tokens, 'tab')}`)
    .join(', ')
  return `${file}: ${size(bytes)}${free}; ${count(tokens, 'tab')}${tasks}${largest ? `; largest states: ${largest}` : ''}`
}

const count = (number: number, noun: string) => `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
