/** A page that opens with 10,000 rows: how long until they are shown, and how often a reload is sent them. */
import { child } from '../child.js'
import { median, note, timed } from '../report.js'
import { hasRow, type List, rows } from './definitions.js'
import { compare, quick, serving } from './pairs.js'
import { openTab } from './reopened.js'

export async function loading(): Promise<void> {
  await serving(async (server, ports) => {
    const tab = await openTab(ports.held, {}, ({ rows }) => rows.length > 0)
    tab.close()
    let loads = 0
    let bytes = 0
    const load = {
      bare: async (name: string) => {
        const answer = await fetch(`http://127.0.0.1:${ports.bare}/rows`)
        const plain = (await answer.json()) as List
        if (!hasRow(plain, name)) throw new Error('fetched other rows')
      },
      held: async (name: string) => {
        const opened = await openTab(ports.held, tab.kept, (state) => hasRow(state, name))
        bytes = opened.bytes()
        opened.close()
      },
    }
    const pair = await compare(server, {
      measure: async (side) => {
        const times: number[] = []
        for (let count = 0; count < (quick ? 5 : 10); count += 1) {
          loads += 1
          const name = `name ${loads}`
          await server.ask('rename', { token: tab.token, name }) // what was written for the load before is of no use
          times.push(await timed(() => load[side](name)))
        }
        return median(times)
      },
    })
    const plain = JSON.stringify({ counter: 0, rows: rows(10_000) }).length
    note({
      name: 'first load of 10,000 rows, to a fetch of them',
      value: pair.ratio,
      target: 1.5,
      good: 'most',
      detail: `${pair.bare.toFixed(1)} ms and ${plain} bytes fetched, ${pair.held.toFixed(1)} ms and ${bytes} bytes held`,
      expensive: pair.expensive,
    })
    await reload(server.ask, ports.held, tab)
  })
}

/** What a page is sent of its state: in the document, as Next writes what a server component hands over, and by the hub. */
async function reload(
  ask: <T>(question: string, given?: unknown) => Promise<T>,
  port: number,
  tab: Awaited<ReturnType<typeof openTab>>,
): Promise<void> {
  const { mark, browser } = { mark: 'a'.repeat(32), browser: tab.kept.browser }
  const paint = await ask<object>('paint', { token: tab.token, mark, browser })
  const page = child(new URL('./page.ts', import.meta.url))
  await ask('profile')
  const shown = await page.ask<{ first: string; last: string; bytes: number; times: number }>('reload', {
    port,
    paint,
    kept: tab.kept,
  })
  const expensive = await ask<string[]>('profiled')
  page.process.disconnect()
  const document = JSON.stringify([1, JSON.stringify(paint)])
  const lastRow = 'row 9999'
  const inDocument = document.split(lastRow).length - 1
  if (shown.first !== lastRow || shown.last !== lastRow) throw new Error(`the page shows ${shown.first}, ${shown.last}`)
  note({
    name: 'times that a reload with the provider is sent its 10,000 rows',
    value: inDocument + shown.times,
    target: 1,
    good: 'most',
    unit: 'times',
    detail: `${document.length} bytes of the HTML, ${shown.bytes} bytes over the socket`,
    expensive,
  })
}
