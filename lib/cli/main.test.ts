import { describe, expect, test } from 'vitest'
import { main } from './main.js'
import { serving } from './serving.js'
import { folderWith, listening, nextApp } from './terminal.fixture.js'

async function run(...args: string[]) {
  const { terminal, text } = listening()
  const code = await main(args, '1.2.3', terminal)
  return [code, text()] as const
}

test('help is given when asked for, and when nothing is', async () => {
  for (const args of [[], ['--help'], ['help'], ['init', '--help'], ['dev', '-h']])
    expect(await run(...args)).toEqual([0, expect.stringContaining('Usage: heldstate <command>')])
})

test('the version is that of the package', async () => {
  expect(await run('--version')).toEqual([0, '1.2.3'])
})

test.each([
  [
    ['deploy'],
    'There is no command "deploy". The commands are init, dev, start and doctor; run "heldstate --help" for details.',
  ],
  [['dev', '--bogus'], `heldstate dev: Unknown option '--bogus'. "heldstate --help" lists the options.`],
  [['init', 'a', 'b'], 'heldstate init: expected one folder, got a and b. "heldstate --help" lists the options.'],
  [['dev', '--webpack', '--turbopack'], '--webpack and --turbopack cannot be combined. Pass one of them, or neither.'],
])('%j ends with 1 and says why', async (args, sentence) => {
  expect(await run(...args)).toEqual([1, sentence])
})

describe('dev and start', () => {
  const options = { port: undefined, hostname: undefined, webpack: false, turbopack: false }

  async function served(mode: 'dev' | 'start', more: Partial<Parameters<typeof serving>[1]> = {}) {
    const { dir } = folderWith(nextApp)
    const { NODE_ENV, PORT } = process.env
    const cwd = process.cwd()
    const seen: unknown[] = []
    try {
      await serving(mode, {
        ...options,
        dir,
        serve: async (given) => void seen.push({ ...given, dir: given.dir === dir, mode: process.env.NODE_ENV }),
        ...more,
      })
    } finally {
      process.chdir(cwd)
      Object.assign(process.env, { NODE_ENV })
      if (PORT === undefined) delete process.env.PORT
    }
    return seen
  }

  test('start the server in their mode, with the flags that next has', async () => {
    expect(await served('dev')).toEqual([{ dir: true, dev: true, mode: 'development' }])
    expect(await served('start', { port: '4000', hostname: '127.0.0.1' })).toEqual([
      { dir: true, dev: false, mode: 'production', port: 4000, hostname: '127.0.0.1' },
    ])
    expect(await served('dev', { webpack: true })).toEqual([
      { dir: true, dev: true, mode: 'development', webpack: true },
    ])
  })

  test.each(['abc', '70000', '-1', '1.5'])('refuse %s as a port', async (port) => {
    await expect(served('dev', { port })).rejects.toThrow(`"${port}" is not a port. Use a number from 0 to 65535`)
  })

  test('say that a build is missing', async () => {
    const next = new Error("Could not find a production build in the '.next' directory. Try building your app …")
    await expect(served('start', { serve: () => Promise.reject(next) })).rejects.toThrow(
      'This app has no production build. Run "next build", then "heldstate start".',
    )
  })

  test('refuse a folder that is no app', async () => {
    const { dir } = folderWith({})
    await expect(serving('dev', { ...options, dir })).rejects.toThrow('is not a Next app: it has no package.json.')
  })
})
