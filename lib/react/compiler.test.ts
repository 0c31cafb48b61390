// @vitest-environment happy-dom
/** React Compiler remembers what a component made of what it was given, and trusts that nothing given ever changes. */
import { createRequire } from 'node:module'
import { createElement } from 'react'
import { afterEach, expect, it } from 'vitest'
import { defineState, HeldStateError } from '../doors/authors.js'
import { useConnection, useServerForm, useServerState } from '../doors/react.js'
import { compile } from '../next/plugin/compile.js'
import { openPage } from './page.fixture.js'

const require = createRequire(import.meta.url)
/** The Babel that Next runs the compiler with. */
const babel = require('next/dist/compiled/babel/core') as {
  transformSync(source: string, options: object): { code: string }
}

const d = defineState('d', () => ({ n: 0, rows: [{ name: 'a' }, { name: 'b' }], other: 0 }))
  .tasks((background) => ({ work: background(async ({ sleep }) => sleep(100)) }))
  .events((on) => ({
    add: on((s) => {
      s.n += 1
    }),
    rename: on((s, index: number, name: string) => {
      ;(s.rows[index] as { name: string }).name = name
    }),
    invite: on((_s, { name }: { name: string }) => {
      throw new HeldStateError('invalid-arguments', 'no', { issues: [{ path: ['name'], message: `Not ${name}.` }] })
    }),
  }))

const source = `
  export function Page({ factor = 10 }) {
    const c = useServerState(d)
    const names = useServerState(d, (s) => s.rows)
    const { status: connection } = useConnection()
    const sum = useServerState(d, (s) => new Map([['sum', { sum: s.n + factor, of: () => s }]]))
    const list = names.map((row) => row.name + row.name)
    return createElement('button', { onClick: c.add }, connection, ' ', c.n * 2, ' ', list.join(), ' ', c.work.running, ' ', sum.get('sum').sum)
  }
`

const formSource = `
  export function Page() {
    const { invite } = useServerState(d)
    const { action, field, errors, done, pending } = useServerForm(invite)
    return createElement('form', { action }, createElement('input', field('name')), createElement('button'), errors.name, ' ', String([done, pending]))
  }
`

function compiled(source: string) {
  const options = {
    filename: 'page.js',
    configFile: false,
    babelrc: false,
    plugins: [require.resolve('babel-plugin-react-compiler')],
  }
  const { code } = babel.transformSync(source, options)
  const module = { exports: {} as { Page(props: { factor?: number }): ReturnType<typeof createElement> } }
  const scope = { module, require, d, useServerState, useServerForm, useConnection, createElement }
  new Function(...Object.keys(scope), compile('page.ts', code))(...Object.values(scope))
  return { code, Page: module.exports.Page }
}

afterEach(() => document.body.replaceChildren())

it('a compiled component shows every change: of fields, of a row, of a task, of the connection', async () => {
  const { code, Page } = compiled(source)
  expect(code).toContain('react/compiler-runtime')
  const page = openPage([d])
  const root = await page.show(createElement(Page))
  expect(page.text()).toBe('connecting 0 aa,bb 0 10')
  await page.live()
  expect(page.text()).toBe('live 0 aa,bb 0 10')
  await page.click('button')
  expect(page.text()).toBe('live 2 aa,bb 0 11')
  await page.done(() => page.tab.state(d).rename(1, 'c'))
  expect(page.text()).toBe('live 2 aa,cc 0 11')
  await page.done(() => page.tab.state(d).work.start())
  expect(page.text()).toBe('live 2 aa,cc 1 11')
  await page.advance(200)
  expect(page.text()).toBe('live 2 aa,cc 0 11')
  await page.acting(async () => root.render(createElement(Page, { factor: 20 })))
  expect(page.text()).toBe('live 2 aa,cc 0 21')
  await page.acting(async () => page.tab.drop())
  expect(page.text()).toBe('reconnecting 2 aa,cc 0 21')
})

it('a compiled form shows what was refused, each time', async () => {
  const { code, Page } = compiled(formSource)
  expect(code).toContain('react/compiler-runtime')
  const page = openPage([d])
  await page.show(createElement(Page))
  await page.live()
  const input = page.container.querySelector('input') as HTMLInputElement
  for (const name of ['Ann', 'Bob']) {
    input.value = name
    await page.click('button')
    expect(page.text()).toBe(`Not ${name}. false,false`)
    expect([input.getAttribute('aria-invalid'), input.value]).toEqual(['true', name])
  }
})
