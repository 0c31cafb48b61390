/** Things a person does meanwhile: typing and clicking. */
import { defineState } from 'heldstate'
import { z } from 'zod'

export const notes = defineState('notes', () => ({ text: '', clicks: 0 })).events((on) => ({
  setText: on(z.string().max(200), (s, text) => {
    s.text = text
  }),
  click: on((s) => {
    s.clicks += 1
  }),
}))
