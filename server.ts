import { serve } from 'heldstate/next'

await serve()
