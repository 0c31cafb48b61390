/** `heldstate/testing`: for tests of state modules and of stores. */
export { storeSuite } from '../store/suite.js'
export { TestClock } from '../testing/clock.js'
export { TestTab, testHub, type TestKit, type TestLog } from '../testing/kit.js'
