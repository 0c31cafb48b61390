/** `heldstate/testing`: for tests of state modules and of stores. */
export { storeSuite } from '../store/suite.js'
export { TestClock } from '../testing/clock.js'
export type { TestLog } from '../testing/kit.js'
export { type TestKit, type TestTab, testHub } from '../testing/public.js'
