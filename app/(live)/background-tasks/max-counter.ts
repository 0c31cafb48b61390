import { z } from 'zod'

/** How far a counter may count, as somebody types it. The messages are shown at the field. */
export const maxCounter = z.coerce
  .number<string>('Max must be a number.')
  .int('Max must be a whole number.')
  .positive('Max must be 1 or more.')
