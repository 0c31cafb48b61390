/**
 * The recipes as they stand in their pages, against services that keep what they promise, while the server dies at each place at which it
 * can, and a page asks twice.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { ServerDefinition } from '../lib/state/define.js'
import { testHub } from '../lib/testing/kit.js'
import { extract, writeSettings } from './examples.js'
import { type Death, done as did, life } from './services.fixture.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'docs/.examples-recipes')
const scratch = mkdtempSync(join(tmpdir(), 'recipes-'))

rmSync(folder, { recursive: true, force: true })
const settings = writeSettings(root, folder)
const services = join(root, 'docs/services.fixture.js')

/** Writes a recipe out, with a service of the tests in the place of the one that its page stands in for. Gives the files. */
function recipe(name: string, replaced: Readonly<Record<string, string>> = {}): (file: string) => string {
  const files = extract(root, `docs/recipes/${name}.md`, folder).map(({ file }) => file)
  const find = (file: string) => {
    const found = files.find((each) => each.endsWith(file))
    if (!found) throw new Error(`docs/recipes/${name}.md has no ${file}`)
    return found
  }
  for (const [file, service] of Object.entries(replaced))
    writeFileSync(find(file), `export { ${service} } from ${JSON.stringify(services)}\n`)
  return find
}

afterAll(() => {
  rmSync(scratch, { recursive: true })
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  life.folder = mkdtempSync(join(scratch, 'services-'))
  process.env.IMPORTS = mkdtempSync(join(scratch, 'files-'))
  life.meets = async () => {}
})

/** A server and a page, of which the server can die. Functions of the task may wait for real files and times. */
async function live<D extends ServerDefinition>(definition: D, task?: string) {
  const kit = testHub([definition])
  const tab = await kit.open()
  await tab.watch(definition)
  const state = () => tab.state(definition)
  const until = async (isSo: () => boolean) => {
    for (const end = Date.now() + 4000; !isSo(); ) {
      if (Date.now() > end) throw new Error(`It never came to that: ${JSON.stringify([state(), kit.log.lines])}`)
      await kit.clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const idle = () => until(() => (state() as Record<string, { running?: number }>)[task ?? '']?.running === 0)
  const ends = async (work: Promise<unknown>) => {
    let ended = false
    void work.then(() => {
      ended = true
    })
    await until(() => ended)
  }
  const crash = async () => {
    kit.crash()
    await tab.reconnect()
  }
  /** Dooms the process to die at a call of a service. Once it has, another one begins, in which nothing happens to it. */
  const doomed = (death: Death) => {
    let isDead = false
    life.meets = ({ call, when }) => {
      if (isDead || call !== death.call || when !== death.when) return Promise.resolve()
      isDead = true
      return new Promise(() => {})
    }
    return async () => {
      await until(() => isDead)
      await crash()
    }
  }
  return { ...kit, kit, tab, state, until, idle, ends, crash, doomed }
}

/** A process of its own, from its start to its end. Gives what it printed, or the signal that ended it. */
function processOf(file: string, dir: string, death: Death | undefined, ...task: string[]): Promise<string> {
  const life = [file, dir, String(death?.call), String(death?.when), ...task]
  const env = { ...process.env, SERVICES: serviceFolder(), TSX_TSCONFIG_PATH: settings }
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'docs/recipe-life.fixture.ts'), ...life], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  return new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? (code === 0 ? said : `${code}`))),
  )
}

const serviceFolder = () => life.folder
const everyDeath = (calls: number): Death[] =>
  Array.from({ length: calls }, (_, at) => at + 1).flatMap((call) => [
    { call, when: 'before' as const },
    { call, when: 'after' as const },
  ])

describe('a job that survives a restart', async () => {
  const file = recipe('survives-a-restart', { 'app/deliver.ts': 'deliver' })
  const { mailing } = (await import(/* @vite-ignore */ file('mailing.state.ts'))) as {
    mailing: ServerDefinition
  }
  const mails = (...names: string[]) => names.map((name) => `${name}@example.org`)
  const first = mails('ann', 'bob', 'cid')
  const second = mails('dora', 'eve')
  const open = async () => {
    const here = await live(mailing, 'send')
    const handle = () => here.state() as unknown as Mailing
    return { ...here, now: handle, send: (to: string[]) => here.done(handle().send.start(to)) }
  }
  interface Mailing {
    sent: number
    of: number
    send: { start(to: string[]): Promise<void>; cancel(): Promise<void>; running: number; outcome: string | null }
  }

  it.each(everyDeath(3))(
    'sends each letter once where the server dies $when call $call of the mail service',
    async (death) => {
      const { send, doomed, idle, now } = await open()
      const died = doomed(death)
      await send(first)
      await died()
      await idle()
      expect(did('letters')).toEqual(first)
      expect(now()).toMatchObject({ sent: 3, of: 3, send: { outcome: 'done' } })
    },
  )
  it('sends each letter once where the server dies between two letters, and again at the next one', async () => {
    const { send, until, crash, idle, now } = await open()
    await send(first)
    for (const sent of [1, 2, 3]) {
      await until(() => now().sent === sent)
      await crash()
    }
    await idle()
    expect(did('letters')).toEqual(first)
  })
  it('sends all of a second mailing, whose letters have the same numbers as those of the first', async () => {
    const { send, idle, now } = await open()
    await send(first)
    await idle()
    await send(second)
    await idle()
    expect(did('letters')).toEqual([...first, ...second])
    expect(now()).toMatchObject({ sent: 2, of: 2 })
  })
  it.each(everyDeath(2))(
    'sends all of a second mailing where the server dies $when its call $call',
    async ({ call, when }) => {
      const { send, doomed, idle, crash } = await open()
      await send(first)
      await idle()
      await crash()
      const died = doomed({ call: 3 + call, when })
      await send(second)
      await died()
      await idle()
      expect(did('letters')).toEqual([...first, ...second])
    },
  )
  it('loses no letter of two tabs, and none of a mailing that comes while one is under way: it is refused', async () => {
    const { send, open: another, done, idle, until, now } = await open()
    const other = await another()
    const theirs = (await other.watch(mailing)) as unknown as Mailing
    await send(first)
    await done(theirs.send.start(second))
    await expect(send(second)).rejects.toMatchObject({ code: 'already-running' })
    await until(() => now().sent === 3)
    await expect(send(second), 'in the pause after its last letter').rejects.toMatchObject({ code: 'already-running' })
    await idle()
    expect([...did('letters')].sort()).toEqual([...first, ...second].sort())
  })
  it('sends all of a mailing that follows one that was stopped', async () => {
    const { send, ends, until, idle, now } = await open()
    await send(first)
    await until(() => now().sent === 1)
    await ends(now().send.cancel())
    await send(second)
    await idle()
    expect(did('letters')).toEqual([first[0], ...second])
    expect(now()).toMatchObject({ sent: 2, of: 2 })
  })
  it('sends each letter once where the service does not answer now and then', async () => {
    const { send, idle } = await open()
    life.meets = async ({ call, when }) => {
      if (call % 2 === 1) throw new Error(`no answer ${when} call ${call}`)
    }
    await send(first)
    await idle()
    expect(did('letters')).toEqual(first)
  })
  it('sends each letter once over processes that are killed, of which each has the disk alone', {
    timeout: 60_000,
  }, async () => {
    const dir = join(life.folder, 'store')
    expect(
      await processOf(file('mailing.state.ts'), dir, { call: 2, when: 'after' }, 'send', JSON.stringify(first)),
    ).toBe('SIGKILL')
    expect(did('letters')).toEqual(first.slice(0, 2))
    expect(await processOf(file('mailing.state.ts'), dir, { call: 4, when: 'before' })).toBe('SIGKILL')
    expect(JSON.parse(await processOf(file('mailing.state.ts'), dir, undefined))).toMatchObject({ sent: 3, of: 3 })
    expect(did('letters')).toEqual(first)
  })
})

describe('a CSV import', async () => {
  const file = recipe('csv-import', { 'app/import/customers.ts': 'saveCustomer' })
  const { customers } = (await import(/* @vite-ignore */ file('import.state.ts'))) as { customers: ServerDefinition }
  const { POST } = (await import(/* @vite-ignore */ file('api/import/route.ts'))) as {
    POST(request: Request): Promise<Response>
  }
  const keep = async (lines: readonly string[]): Promise<string> => {
    const answer = await POST(new Request('http://localhost/', { method: 'POST', body: lines.join('\n') }))
    return (await answer.json()).name
  }
  const mails = (...names: string[]) => names.map((name) => `${name}@example.org`)
  const lines = ['Ann,ann@example.org', '', 'Bob', 'Cid,cid@example.org', 'Dora,dora@example.org', 'Eve']
  const ofLines = { imported: 3, refused: 2, problems: [{ line: 3 }, { line: 6 }] }
  const other = ['Fay,fay@example.org', 'Gil,gil@example.org']
  interface Import {
    imported: number
    run: { start(name: string): Promise<void>; cancel(): Promise<void>; outcome: string | null }
  }
  const open = async () => {
    const here = await live(customers, 'run')
    const now = () => here.state() as unknown as Import
    return { ...here, now, start: (name: string) => here.done(now().run.start(name)) }
  }

  it.each(everyDeath(3))(
    'saves and counts each row once where the server dies $when call $call of the database',
    async (death) => {
      const { start, doomed, idle, now } = await open()
      const died = doomed(death)
      await start(await keep(lines))
      await died()
      await idle()
      expect(did('rows')).toEqual(mails('ann', 'cid', 'dora'))
      expect(now()).toMatchObject({ ...ofLines, run: { outcome: 'done' } })
      expect(did('calls'), 'a death repeats one call').toHaveLength(4)
    },
  )
  it('reads a second file from its first line, and counts it alone', async () => {
    const { start, idle, now, crash } = await open()
    await start(await keep(lines))
    await idle()
    await crash()
    await start(await keep(other))
    await idle()
    expect(did('rows')).toEqual(mails('ann', 'cid', 'dora', 'fay', 'gil'))
    expect(now()).toMatchObject({ imported: 2, refused: 0, problems: [] })
  })
  it('that was cancelled, and is started again with the file, leaves each row once', async () => {
    const { start, ends, until, idle, now } = await open()
    const name = await keep(lines)
    life.meets = ({ call, when }) => (call === 3 && when === 'after' ? new Promise(() => {}) : Promise.resolve())
    await start(name)
    await until(() => now().imported === 2 && did('calls').length === 3)
    await ends(now().run.cancel())
    expect([did('rows').length, now().imported], 'a row that was saved and not counted').toEqual([3, 2])
    await start(name)
    await idle()
    expect(did('rows')).toEqual(mails('ann', 'cid', 'dora'))
    expect(now()).toMatchObject(ofLines)
  })
  it('keeps the first hundred of many problems, and counts all', async () => {
    const { start, idle, now } = await open()
    await start(await keep(Array.from({ length: 150 }, (_, at) => `nobody ${at},`)))
    await idle()
    expect(now()).toMatchObject({ imported: 0, refused: 150 })
    expect((now() as unknown as { problems: unknown[] }).problems).toHaveLength(100)
  })
  it('saves each row once over a process that is killed, and the next one, which has the disk alone', {
    timeout: 60_000,
  }, async () => {
    const name = JSON.stringify(await keep(lines))
    const dir = join(life.folder, 'store')
    expect(await processOf(file('import.state.ts'), dir, { call: 2, when: 'after' }, 'run', name)).toBe('SIGKILL')
    expect(did('rows')).toEqual(mails('ann', 'cid'))
    expect(JSON.parse(await processOf(file('import.state.ts'), dir, undefined))).toMatchObject(ofLines)
    expect(did('rows')).toEqual(mails('ann', 'cid', 'dora'))
  })
})

describe('an upload', async () => {
  const file = recipe('upload')
  const { upload } = (await import(/* @vite-ignore */ file('upload.state.ts'))) as { upload: ServerDefinition }
  const { POST } = (await import(/* @vite-ignore */ file('api/upload/route.ts'))) as {
    POST(request: Request): Promise<Response>
  }
  /** A file of ten bytes that comes as the test lets it. */
  const file10 = (name: string) => {
    let give: (bytes: number) => void = () => {}
    let end = () => {}
    const body = new ReadableStream<Uint8Array>({
      start: (it) => {
        give = (bytes) => it.enqueue(new Uint8Array(bytes))
        end = () => it.close()
      },
    })
    const headers = { 'file-name': name, 'content-length': '10' }
    const request = new Request('http://localhost/', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    return { request, give: (bytes: number) => give(bytes), end: () => end() }
  }

  it('says what has come, and nothing that a death of the server makes untrue', async () => {
    const { tab, state, until, crash } = await live(upload)
    const { request, give, end } = file10('a.txt')
    const sent = tab.request(() => POST(request))
    give(4)
    await until(() => (state() as { received?: number }).received === 4)
    await crash()
    expect(state()).toMatchObject({ name: 'a.txt', size: 10, received: 4, isHere: false })
    const next = file10('b.txt')
    const again = tab.request(() => POST(next.request))
    next.give(10)
    next.end()
    expect((await again).status).toBe(204)
    give(6)
    end()
    void sent
    await until(() => (state() as { isHere?: boolean }).isHere === true)
    expect(state()).toMatchObject({ name: 'b.txt', received: 10, isHere: true })
  })
  it('whose place another one has taken writes no more', async () => {
    const { tab, state, until } = await live(upload)
    const [one, two] = [file10('a.txt'), file10('b.txt')]
    const first = tab.request(() => POST(one.request))
    one.give(4)
    await until(() => (state() as { received?: number }).received === 4)
    const second = tab.request(() => POST(two.request))
    two.give(7)
    await until(() => (state() as { received?: number }).received === 7)
    one.give(6)
    one.end()
    expect((await first).status).toBe(204)
    await until(() => (state() as { name?: string }).name === 'b.txt')
    expect(state()).toMatchObject({ name: 'b.txt', received: 7, isHere: false })
    two.end()
    await second
  })
})

describe('the answer of a model', async () => {
  const file = recipe('llm-answer')
  const { chat } = (await import(/* @vite-ignore */ file('chat.state.ts'))) as { chat: ServerDefinition }
  interface Chat {
    messages: { from: string; text: string }[]
    ask(text: string): Promise<void>
    reply: { running: number; error: { code: string } | null }
  }
  const open = async () => {
    const here = await live(chat, 'reply')
    const now = () => here.state() as unknown as Chat
    return { ...here, now, ask: (text: string) => here.done(now().ask(text)) }
  }

  it('goes into its own message, and each question that comes meanwhile has one', async () => {
    const { now, ask, until, idle } = await open()
    await ask('Hello')
    await until(() => (now().messages[1]?.text ?? '') !== '')
    await ask('And?')
    await ask('So?')
    await idle()
    const { messages } = now()
    expect(messages.filter(({ from }) => from === 'person').map(({ text }) => text)).toEqual(['Hello', 'And?', 'So?'])
    expect(messages[1]).toEqual({ from: 'model', text: 'You said 13 letters.' })
    expect(messages.at(-1)?.from).toBe('model')
    expect(messages.at(-1)?.text).toMatch(/^You said \d+ letters\.$/)
  })
  it('that a death of the server cut off says so, and the next question is answered', async () => {
    const { now, ask, until, idle, crash } = await open()
    await ask('Hello')
    await until(() => (now().messages[1]?.text ?? '') !== '')
    await crash()
    expect(now().reply).toMatchObject({ running: 0, error: { code: 'interrupted' } })
    await ask('And?')
    await idle()
    expect(now().messages.at(-1)?.text).toMatch(/^You said \d+ letters\.$/)
    expect(now().reply.error).toBeNull()
  })
})

describe('a dashboard', async () => {
  const file = recipe('dashboard')
  const { dashboard } = (await import(/* @vite-ignore */ file('dashboard.state.ts'))) as {
    dashboard: ServerDefinition
  }
  it('that a death of the server has stopped shows that nothing polls, so that its page starts it', async () => {
    const { state, done, crash, clock } = await live(dashboard)
    const now = () => state() as unknown as { orders: number; poll: { running: number; start(): Promise<void> } }
    await done(now().poll.start())
    await clock.advance(100)
    await crash()
    expect(now().poll.running).toBe(0)
    const { orders } = now()
    await done(now().poll.start())
    await clock.advance(30_000)
    expect(now().poll.running).toBe(1)
    expect(now().orders).toBeGreaterThan(orders)
  })
})
