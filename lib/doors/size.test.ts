/** The door for components costs a page this much at most. Raise a bound only for something that a page gains by. */
import { expect, test } from 'vitest'
import { sizesOfPage } from './size.fixture.js'

test('the door for components is within its bound, and Socket.IO is loaded behind the page', async () => {
  const [page, socket] = await sizesOfPage()
  expect(page?.gzip).toBeLessThan(24_600) // 0.2 KB: for each address, when its page began; modules in another order, which compresses worse; 0.1 KB: a hello says when its page began; 0.1 KB: the console says after seconds that no server answers; 0.1 KB: "Try now" gives the focus back; 0.1 KB: a place for faults on purpose; 0.4 KB: the ends of runs, and each copy; 0.6 KB: further subscriptions end with their last user, and a hello says which calls were sent; 0.4 KB: texts that grow cost what is new; 1.3 KB: several subscriptions on one connection; 2.1 KB: calls that outlive the page; 0.1 KB: apps of one origin are told apart, and a page without a server says so; 0.9 KB of it: calls that end connections are given up, and a page notices a lost state; 0.4 KB: forms as arguments, refusals by name, selections of any kind; 0.3 KB: it asks whether the line leads anywhere; 0.1 KB: Maps, Sets and Dates of another realm
  expect(socket?.gzip).toBeLessThan(14_000)
  expect(socket?.minified).toBeGreaterThan(30_000) // socket.io-client is in this part
})

test('only an app with optimistic events has the drafts in its bundle', async () => {
  const [page] = await sizesOfPage('stub, predictions')
  const [plain] = await sizesOfPage()
  expect(page?.gzip).toBeLessThan(32_600) // 1.7 KB of it keep names that visitors choose from the prototypes of the page
  expect((page?.minified ?? 0) - (plain?.minified ?? 0)).toBeGreaterThan(5_000)
})

test('only a page with forms has them in its bundle', async () => {
  const [page] = await sizesOfPage('stub', 'useServerState, useServerForm')
  const [plain] = await sizesOfPage('stub', 'useServerState')
  const more = (page?.gzip ?? 0) - (plain?.gzip ?? 0)
  expect(more).toBeGreaterThan(500)
  expect(more).toBeLessThan(1_250)
})

test('only a page with a chat has it in its bundle', async () => {
  const [page] = await sizesOfPage('stub', 'useServerState', "export { useServerChat } from './ai.ts'")
  const [plain] = await sizesOfPage('stub', 'useServerState')
  const more = (page?.gzip ?? 0) - (plain?.gzip ?? 0)
  expect(more).toBeGreaterThan(500)
  expect(more).toBeLessThan(2_800)
})
