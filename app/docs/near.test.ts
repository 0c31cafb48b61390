import { expect, it } from 'vitest'
import { near } from './near'
import { hrefOf, names, titleOf } from './pages'

const pages = names().map((name) => ({ title: titleOf(name), href: hrefOf(name) }))

it.each([
  ['/docs/stat', '/docs/state'],
  ['/docs/background-task', '/docs/background-tasks'],
  ['/docs/backround-tasks', '/docs/background-tasks'],
  ['/docs/nested-lock', '/docs/errors/nested-lock'],
  ['/docs/errors/nestedlock', '/docs/errors/nested-lock'],
  ['/docs/deploy.html', '/docs/deploying'],
  ['/docs/write-from-anywhere', '/docs/low-level'],
])('%s is near %s', (path, href) => {
  expect(near(path, pages).map((page) => page.href)).toContain(href)
})

it('gives three pages for an address that is like none', () => {
  expect(near('/docs/%F0%9F%98%80', pages)).toHaveLength(3)
})
