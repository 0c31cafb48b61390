import { expect, test } from 'vitest'
import { withScripts } from './scripts.js'
import { folderWith } from './terminal.fixture.js'

const edit = (scripts: Readonly<Record<string, string>>, files = {}) => {
  const { dir } = folderWith(files)
  const manifestText = `${JSON.stringify({ name: 'an-app', scripts }, null, 2)}\n`
  const { text, byHand } = withScripts({ dir, appFolder: 'app', manifestText, manifest: { scripts } })
  return { scripts: JSON.parse(text).scripts, byHand, changed: text !== manifestText }
}

test.each([
  ['next dev', 'heldstate dev'],
  ['next', 'heldstate dev'],
  ['next dev --turbopack', 'heldstate dev --turbopack'],
  ['npm run generate && next dev', 'npm run generate && heldstate dev'],
  ['next dev --webpack -p 4000', 'heldstate dev --webpack -p 4000'],
  ['NODE_OPTIONS=--inspect next dev', 'NODE_OPTIONS=--inspect heldstate dev'],
  ['cross-env A=1 next dev', 'cross-env A=1 heldstate dev'],
])('%s becomes %s', (before, after) => {
  const { scripts, byHand } = edit({ dev: before, start: 'next start' })
  expect(scripts).toEqual({ dev: after, start: 'heldstate start' })
  expect(byHand).toEqual([])
})

test.each(['next dev --experimental-https', 'next dev & tailwind', 'turbo dev', 'doppler run -- next dev'])(
  '%s does more, and is left to a person',
  (script) => {
    const { scripts, byHand } = edit({ dev: script, start: 'next start' })
    expect(scripts.dev).toBe(script)
    expect(byHand).toEqual([
      `The script "dev" in package.json is ${JSON.stringify(script)}. Change it to run "heldstate dev" instead of "next dev".`,
    ])
  },
)

test('scripts of other names that start Next too are changed where they do', () => {
  const { scripts, byHand } = edit({
    dev: 'next dev',
    build: 'next build',
    start: 'next start',
    preview: 'next build && next start -p 4000',
    'dev:https': 'next dev --experimental-https',
    types: 'next typegen && tsc',
    all: 'turbo run start',
  })
  expect(scripts).toEqual({
    dev: 'heldstate dev',
    build: 'next build',
    start: 'heldstate start',
    preview: 'next build && heldstate start -p 4000',
    'dev:https': 'next dev --experimental-https',
    types: 'next typegen && tsc',
    all: 'turbo run start',
  })
  expect(byHand).toEqual([
    'The script "dev:https" in package.json is "next dev --experimental-https". Change it to run "heldstate dev" instead of "next dev".',
  ])
})

test('a server of the app stays, and is told of if it does not start heldstate', () => {
  const scripts = { dev: 'tsx server.ts', start: 'NODE_ENV=production tsx server.ts' }
  expect(edit(scripts, { 'server.ts': `import { serve } from 'heldstate/next'` })).toMatchObject({
    changed: false,
    byHand: [],
  })
  const { changed, byHand } = edit(scripts, { 'server.ts': `import next from 'next'` })
  expect(changed).toBe(false)
  expect(byHand).toHaveLength(2)
  expect(byHand[0]).toContain('your own server, server.ts. Make it call serve()')
})

test('scripts that run heldstate stay as they are', () => {
  expect(edit({ dev: 'heldstate dev -p 4000', start: 'heldstate start' })).toMatchObject({ changed: false, byHand: [] })
})

test('nothing else of package.json moves, not even its white space', () => {
  const manifestText = '{\n\t"files": ["a", "b"],\n\t"scripts": {\n\t\t"dev": "next dev", "x": "y"\n\t}}'
  const { text } = withScripts({ appFolder: 'app', dir: '.', manifestText, manifest: JSON.parse(manifestText) })
  expect(text).toBe(
    '{\n\t"files": ["a", "b"],\n\t"scripts": {\n\t\t"start": "heldstate start",\n\t\t"dev": "heldstate dev", "x": "y"\n\t}}',
  )
})

test('an app without scripts gets them', () => {
  const { text } = withScripts({ appFolder: 'app', dir: '.', manifestText: '{\n    "name": "a"\n}\n', manifest: {} })
  expect(text).toBe(
    `${JSON.stringify({ name: 'a', scripts: { dev: 'heldstate dev', start: 'heldstate start' } }, null, 4)}\n`,
  )
})

test('the scripts of an app to which instrumentation attaches heldstate stay as they are', () => {
  const line = `export { register } from 'heldstate/next/instrumentation'`
  const { changed, byHand } = edit({ dev: 'next dev', start: 'next start' }, { 'instrumentation.ts': line })
  expect([changed, byHand]).toEqual([false, []])
})
