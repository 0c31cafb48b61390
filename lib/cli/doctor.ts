/** `heldstate doctor`. */
import type { Terminal } from './terminal.js'

export interface DoctorOptions {
  readonly dir: string
  readonly url: string | undefined
}

export async function doctor(_options: DoctorOptions, terminal: Terminal): Promise<number> {
  terminal.say('')
  return 0
}
