/** A terminal of which a test reads what was said, and an app in a folder of its own. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Terminal } from './terminal.js'

export function listening(answer?: boolean) {
  const said: string[] = []
  const asked: string[] = []
  const note = (text: string) => void said.push(text)
  const terminal: Terminal = {
    colours: false,
    say: note,
    complain: note,
    ask: async (question) => {
      asked.push(question)
      return answer
    },
  }
  return { terminal, said, asked, text: () => said.join('\n') }
}

export type Files = Readonly<Record<string, string>>

/** Files that make a folder look like an installed Next app. */
export const nextApp: Files = {
  'package.json': `{
  "name": "an-app",
  "scripts": { "dev": "next dev", "build": "next build", "start": "next start" },
  "dependencies": {"next": "16.4.6", "react": "19.3.1", "heldstate": "^0.1.0"}
}
`,
  'node_modules/next/package.json': '{"version":"16.4.6"}',
  'node_modules/react/package.json': '{"version":"19.3.1"}',
  'node_modules/heldstate/package.json': '{"version":"0.1.0"}',
  'app/page.tsx': 'export default () => null\n',
  'tsconfig.json': '{}',
  '.gitignore': 'node_modules\n',
}

export function folderWith(files: Files) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'heldstate-cli-')))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { dir, write, read: (name: string) => readFileSync(join(dir, name), 'utf8') }
}
