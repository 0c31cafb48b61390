/** Guests of a dinner with ten seats. What is right is said by the schema, and by the handler where it takes the state to know. */
import { defineState, HeldStateError, Refusal } from 'heldstate'
import { z } from 'zod'

const guest = z.strictObject({
  name: z.string().trim().min(1, 'Say your name.').max(60, 'That is too long.'),
  mail: z.email('This is no e-mail address.').max(100, 'That is too long.'),
  seats: z.coerce.number('Say a number.').int('Whole seats only.').min(1, 'One at least.').max(8, 'Eight at most.'),
  meal: z.enum(['meat', 'fish', 'plants'], 'Choose a meal.'),
  days: z.union([z.enum(['fri', 'sat']), z.array(z.enum(['fri', 'sat']))], 'Choose a day, or both.'),
})

export const guests = defineState('guests', () => ({
  free: 10,
  list: [] as { name: string; seats: number; meal: string }[],
}))
  .private(() => ({ mails: [] as string[] }))
  .events((on) => ({
    invite: on(guest, (s, { name, mail, seats, meal }) => {
      if (s.mails.includes(mail)) {
        const issues = [{ path: ['mail'], message: 'This address is on the list already.' }]
        throw new HeldStateError('invalid-arguments', 'A guest comes once.', { issues })
      }
      if (seats > s.free) throw new Refusal(`Only ${s.free} seats are left.`)
      s.list.push({ name, seats, meal })
      s.mails.push(mail)
      s.free -= seats
    }),
    clear: on((s) => {
      Object.assign(s, { free: 10, list: [], mails: [] })
    }),
  }))
