import { describe, it } from 'vitest'
import { memoryHandle } from './handles.fixture.js'
import { storeSuite } from './suite.js'

storeSuite('memory', { describe, it }, memoryHandle)
