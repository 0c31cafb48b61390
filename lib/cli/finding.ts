/** What `heldstate doctor` finds: something that is as it should be, something to know, or something broken. */

export interface Finding {
  readonly kind: 'fine' | 'note' | 'broken'
  /** What is so, and what to do about it. */
  readonly text: string
}

export const fine = (text: string): Finding => ({ kind: 'fine', text })
export const note = (text: string): Finding => ({ kind: 'note', text })
export const broken = (text: string): Finding => ({ kind: 'broken', text })
