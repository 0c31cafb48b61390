import { serve } from 'heldstate/next'

await serve({ dir: import.meta.dirname, hostname: '127.0.0.1' })
