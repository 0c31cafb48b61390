import { describe, it } from 'vitest'
import { memoryStore } from './memory.js'
import { storeSuite } from './suite.js'

storeSuite('memory', { describe, it }, () => memoryStore())
