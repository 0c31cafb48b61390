import { defineState, Refusal } from 'heldstate'
import { z } from 'zod'

const person = z.object({
  name: z.string().trim().min(1, 'Say your name.').max(100, 'That is too long: 100 characters at most.'),
  mail: z.email('This is no e-mail address.').max(200, 'That is too long: 200 characters at most.'),
})
const plan = z.object({ plan: z.enum(['small', 'large'], 'Choose a plan.') })

export const signup = defineState('signup', () => ({
  step: 'person' as 'person' | 'plan' | 'check' | 'done',
  name: '',
  mail: '',
  plan: '' as '' | 'small' | 'large',
})).events((on) => ({
  setPerson: on(person, (s, { name, mail }) => {
    Object.assign(s, { name, mail, step: 'plan' })
  }),
  setPlan: on(plan, (s, { plan }) => {
    if (s.name === '') throw new Refusal('The first step is missing.')
    Object.assign(s, { plan, step: 'check' })
  }),
  back: on((s) => {
    s.step = s.step === 'check' ? 'plan' : 'person'
  }),
  send: on((s) => {
    if (s.step !== 'check') throw new Refusal('There is a step to go.')
    s.step = 'done' // and what you do with it: a task, if it takes long
  }),
  startOver: on((s) => {
    Object.assign(s, { step: 'person', name: '', mail: '', plan: '' })
  }),
}))
