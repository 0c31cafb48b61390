/** Names whose types `hovers.test` looks at. Nothing of it runs. */
import { type ClientView, defineState, type ViewOf } from '../doors/authors.js'
import { createHub } from '../doors/server.js'

interface Row {
  id: number
  name: string
}

export const definition = defineState('hovers', () => ({ n: 0, rows: [] as Row[], due: null as Date | null }))
  .private(() => ({ secret: '' }))
  .computed({ double: (s) => s.n * 2 })
  .computed({ quadruple: (inComputed) => inComputed.double * 2 })
  .tasks((background) => ({
    count: background(async ({ update }) => {
      await update((inUpdate) => void (inUpdate.n += 1))
    }),
  }))
  .events((on) => ({
    add: on((inEvent, by: number) => {
      inEvent.n += by
    }),
  }))

export declare const page: ClientView<typeof definition>
export declare const view: ViewOf<typeof definition>
export const modified = createHub().modifyState('', definition, (inModify) => inModify.n)
