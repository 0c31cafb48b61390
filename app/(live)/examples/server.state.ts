/** Which process serves this page, so that a page can say that another one does, and what a visitor may do to it. */
import { defineState, reply } from 'heldstate'
import { hurt, serving } from '../torture/process'

export const server = defineState('example-server', () => ({})).events((on) => ({
  ask: on(() => reply({ ...serving(), id: `${process.pid} ${performance.timeOrigin}` })),
  kill: on({ whenOffline: 'reject' }, () => hurt('kill')),
}))
