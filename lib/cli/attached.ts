/** Whether an app is in attach mode: Next starts it, and its instrumentation brings heldstate. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Project } from './project.js'

export const attachLine = `export { register } from 'heldstate/next/instrumentation'`

type Place = Pick<Project, 'dir' | 'appFolder'>

export function isAttached(place: Place): boolean {
  const file = instrumentationIn(place)
  if (file === undefined) return false
  const text = readFileSync(join(place.dir, file), 'utf8')
  return /\bregister\b/.test(text) && text.includes('heldstate/next/instrumentation')
}

/** The file as Next looks for it: next to the folder app. */
export const instrumentationIn = (place: Place): string | undefined =>
  ['ts', 'js', 'tsx', 'jsx']
    .map((extension) => named(place, extension))
    .find((file) => existsSync(join(place.dir, file)))

/** Its name, also where there is none yet. */
export const instrumentationFor = (place: Pick<Project, 'dir' | 'appFolder' | 'typescript'>): string =>
  instrumentationIn(place) ?? named(place, place.typescript ? 'ts' : 'js')

const named = ({ appFolder }: Place, extension: string) => join(dirname(appFolder), `instrumentation.${extension}`)
