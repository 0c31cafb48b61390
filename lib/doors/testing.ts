/** `heldstate/testing`: for tests of state modules and of stores. */
export { storeSuite } from '../store/suite.js'
export { TestClock } from '../testing/clock.js'
export { type TestKit, type TestLog, TestTab, testHub } from '../testing/kit.js'
