/** The Chromium for browser tests: one that is here, or else one that this brings. Prints nothing, returns its path. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'

const known = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A browser on this machine, if there is one. */
export function findChromium() {
  return [...known, chromium.executablePath()].find((path) => path && existsSync(path))
}

/** Playwright's own download; where that is out of reach, the package of a Debian system. */
export function bringChromium() {
  const present = findChromium()
  if (present) return present
  attempt('npx', ['playwright', 'install', 'chromium'])
  if (!findChromium() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    attempt('apt-get', ['update'])
    attempt('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])
  }
  const brought = findChromium()
  if (brought) return brought
  throw new Error('No Chromium for the browser tests: install one, or name it in CHROMIUM_PATH.')
}

function attempt(command, args) {
  try {
    execFileSync(command, args, { stdio: 'inherit', timeout: 300_000 })
  } catch {
    // the next way is tried, and the end says what is missing
  }
}
