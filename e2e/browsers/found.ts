/** The browsers of this machine, and the ways in which a person may have set one up. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from './browser'
import { chromium, firefox } from './puppeteer'
import type { Denied } from './scenarios'
import { webkit } from './webkit'

export interface Found {
  /** As on the command line. */
  readonly name: string
  /** Why it cannot be started here. */
  readonly missing?: string
  /** How a person has set it up. */
  readonly setting?: string
  readonly denies?: readonly Denied[]
  open(): Promise<Browser>
}

const { env } = process
const first = (...paths: (string | undefined)[]) => paths.find((path) => path && existsSync(path))

const chromiumPath = first(
  env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
)
const firefoxPath = first(env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox')
const driver = first(env.WEBKIT_DRIVER_PATH, '/usr/bin/WebKitWebDriver')
const xvfb = first('/usr/bin/Xvfb')

/** Debian keeps it among the libraries, by the name of the machine's kind and of the library's version. */
const miniBrowser = first(
  env.WEBKIT_PATH,
  ...below('/usr/lib', below('/usr/libexec', [])).map((path) => join(path, 'MiniBrowser')),
)

function below(folder: string, found: string[]): string[] {
  const folders = (path: string) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(path, entry.name)] : []))
  if (!existsSync(folder)) return found
  const two = folders(folder)
  const isWebKit = (path: string) => /webkit2?gtk-[\d.]+$/.test(path)
  return [
    ...found,
    ...two.filter(isWebKit),
    ...two
      .filter((path) => /linux-gnu/.test(path))
      .flatMap(folders)
      .filter(isWebKit),
  ]
}

const firefoxWith = (setting: string, denies: readonly Denied[], preferences: Record<string, unknown>): Found => ({
  name: 'firefox',
  setting,
  denies,
  ...(firefoxPath ? {} : { missing: 'no Firefox: install firefox-esr, or name it in FIREFOX_PATH' }),
  open: () => firefox(firefoxPath as string, { preferences }),
})

export const browsers: readonly Found[] = [
  {
    name: 'chromium',
    ...(chromiumPath ? {} : { missing: 'no Chromium: install it, or name it in CHROMIUM_PATH' }),
    open: () => chromium(chromiumPath as string),
  },
  { ...firefoxWith('', [], {}) },
  {
    name: 'webkit',
    ...missingOfWebKit(),
    open: () => webkit({ driver: driver as string, miniBrowser: miniBrowser as string, ...(xvfb && { xvfb }) }),
  },
  firefoxWith('with resistFingerprinting', [], { 'privacy.resistFingerprinting': true }),
  firefoxWith('with dom.storage.enabled=false', ['storage'], { 'dom.storage.enabled': false }),
  firefoxWith('without cookies', ['cookies', 'storage'], { 'network.cookie.cookieBehavior': 2 }),
]

function missingOfWebKit(): { missing?: string } {
  if (!driver || !miniBrowser)
    return { missing: 'no WebKitGTK: install webkit2gtk-driver, or name WEBKIT_DRIVER_PATH and WEBKIT_PATH' }
  return xvfb || env.DISPLAY ? {} : { missing: 'no display for WebKitGTK: install xvfb' }
}
