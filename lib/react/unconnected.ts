/**
 * A page that has no server of heldstate, as in Storybook, in plain Vite and in tests of components: it shows first values, and calls wait. Imported
 * before a component is rendered.
 */
import { consoleLog } from '../base/log.js'
import { browserIdentity } from '../client/identity.js'
import { Tab } from '../client/tab.js'
import { setPageTab } from './tab.js'

if (typeof window !== 'undefined') {
  setPageTab(new Tab({ wire: { start: () => {}, send: () => {}, stop: () => {} }, identity: browserIdentity() }))
  if (process.env.NODE_ENV !== 'test')
    consoleLog.info('No server in this page: states show their first values, and calls stay pending.')
}
