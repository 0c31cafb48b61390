/** Which process serves this page, so that a page can say that another one does. */
import { defineState, reply } from 'heldstate'

export const server = defineState('example-server', () => ({})).events((on) => ({
  ask: on(() => reply({ pid: process.pid, id: `${process.pid} ${performance.timeOrigin}` })),
}))
