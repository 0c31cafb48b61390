/** WebKitGTK's own small browser, by W3C WebDriver. It needs a display: one is made for it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../fixture-app'
import type { Browser, BrowserTab } from './browser'

export interface WebKitParts {
  readonly driver: string
  /** The browser that the driver starts. */
  readonly miniBrowser: string
  /** Makes a display; without one, that of `DISPLAY` is used. */
  readonly xvfb?: string
}

type Send = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<T>

export async function webkit({ driver, miniBrowser, xvfb }: WebKitParts): Promise<Browser> {
  const display = xvfb ? await displayBy(xvfb) : undefined
  const port = await freePort()
  const env = { ...process.env, ...(display && { DISPLAY: display.name }), LIBGL_ALWAYS_SOFTWARE: '1' }
  const process_ = spawn(driver, [`--port=${port}`], { env, stdio: 'ignore' })
  const end = async () => {
    await ended(process_)
    if (display) await ended(display.process)
  }
  try {
    const send = sender(`http://127.0.0.1:${port}`)
    await answers(send)
    const options = { binary: miniBrowser, args: ['--automation'] }
    const session = await send<{ sessionId: string; capabilities: { browserVersion: string } }>('POST', '/session', {
      capabilities: { alwaysMatch: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options } },
    })
    const at: Send = (method, path, body) => send(method, `/session/${session.sessionId}${path}`, body)
    const windows = new Windows(at)
    const [home] = await at<[string]>('GET', '/window/handles') // a session ends with its last window
    return {
      name: `WebKitGTK ${session.capabilities.browserVersion}`,
      tab: () =>
        windows.in(home, async () => {
          // One of several tabs in a window is hidden, and a hidden page does not look for its server
          const { handle } = await at<{ handle: string }>('POST', '/window/new', { type: 'window' })
          return new WebKitTab(windows, handle)
        }),
      close: async () => {
        await at('DELETE', '').catch(() => {})
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** WebDriver speaks to one window at a time; so its commands go one after the other. */
class Windows {
  private readonly send: Send
  private current = ''
  private last: Promise<unknown> = Promise.resolve()

  constructor(send: Send) {
    this.send = send
  }

  in<T>(handle: string, run: (send: Send) => Promise<T>): Promise<T> {
    const turn = this.last.then(async () => {
      if (handle !== this.current) await this.send('POST', '/window', { handle })
      this.current = handle
      return run(this.send)
    })
    this.last = turn.catch(() => {})
    return turn
  }

  closed(): void {
    this.current = ''
  }
}

class WebKitTab implements BrowserTab {
  private readonly windows: Windows
  private readonly handle: string

  constructor(windows: Windows, handle: string) {
    this.windows = windows
    this.handle = handle
  }

  open = (url: string) => this.post('/url', { url })
  reload = () => this.post('/refresh')
  go = async (way: 'back' | 'forward') => void (await this.evaluate(`history.${way}()`))
  evaluate = <T>(script: string) => this.post<T>('/execute/sync', { script, args: [] })
  click = (xpath: string) => this.in((send) => this.clickBy(send, xpath))

  opens = (xpath: string) =>
    this.in(async (send) => {
      const before = await send<string[]>('GET', '/window/handles')
      await this.clickBy(send, xpath)
      for (let asked = 0; asked < 100; asked += 1) {
        const opened = (await send<string[]>('GET', '/window/handles')).find((handle) => !before.includes(handle))
        if (opened) return new WebKitTab(this.windows, opened)
        await setTimeout(50)
      }
      throw new Error('No window was opened.')
    })

  close = () =>
    this.in(async (send) => {
      await send('DELETE', '/window')
      this.windows.closed()
    })

  private in<T>(run: (send: Send) => Promise<T>): Promise<T> {
    return this.windows.in(this.handle, run)
  }

  private post<T = void>(path: string, body: object = {}): Promise<T> {
    return this.in((send) => send('POST', path, body))
  }

  private async clickBy(send: Send, xpath: string): Promise<void> {
    const found = await send<Record<string, string>>('POST', '/element', { using: 'xpath', value: xpath })
    await send('POST', `/element/${Object.values(found)[0]}/click`, {})
  }
}

/** One command of WebDriver; rejects with what the driver says is wrong. */
function sender(origin: string): Send {
  return async <T>(method: string, path: string, body?: object) => {
    const answer = await fetch(`${origin}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
    const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } }
    if (!answer.ok) throw new Error(`${method} ${path}: ${value?.error}. ${value?.message}`)
    return value
  }
}

async function answers(send: Send): Promise<void> {
  for (let asked = 0; asked < 100; asked += 1) {
    if (await send('GET', '/status').catch(() => false)) return
    await setTimeout(100)
  }
  throw new Error('The WebDriver of WebKit does not answer.')
}

async function displayBy(xvfb: string): Promise<{ name: string; process: ChildProcess }> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']
  const process_ = spawn(xvfb, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const [number] = await once(process_.stdio[3] as Readable, 'data')
  return { name: `:${String(number).trim()}`, process: process_ }
}

async function ended(process_: ChildProcess): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return
  const exit = once(process_, 'exit')
  process_.kill()
  await exit
}
