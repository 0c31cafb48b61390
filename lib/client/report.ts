/** A failure that no call of the page can be given goes to the console; in development with its stack, which leads to the author's line. */
import type { HeldStateError } from '../base/errors.js'
import { consoleLog } from '../base/log.js'

export const reportToConsole = (error: HeldStateError): void =>
  consoleLog.error(error.message, process.env.NODE_ENV === 'development' ? error : undefined)
