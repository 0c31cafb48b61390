/**
 * The inputs of a form in the document. React resets a form once its action has settled, also if the server has refused it:
 * what was typed stays then, and the first field that is wrong gets the focus. After a call that took effect the form is reset, unless
 * somebody has typed on meanwhile.
 */
import type { FormState } from './form-state.js'

export type FormControl = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** What an input starts with. */
export type DefaultValue = string | number | readonly string[] | undefined

export class FormControls {
  /** How the last call settled, from then until it is shown: React resets the form in between. */
  private settled: FormState | undefined
  private shown: FormState | undefined
  private edited = false
  private form: HTMLFormElement | undefined
  private readonly selects = new Set<HTMLSelectElement>()

  private readonly onReset: () => void

  /** `onReset` is for a reset that a person asked for. */
  constructor(onReset: () => void) {
    this.onReset = onReset
  }

  sent(): void {
    this.edited = false
  }

  answered(state: FormState): void {
    this.settled = state
  }

  /** Another state of the form is in the document. React leaves the default of a select as it was when it was mounted. */
  committed(state: FormState, defaultOf: (name: string) => DefaultValue): void {
    const isNew = this.shown !== state
    if (isNew) this.settled = undefined
    this.shown = state
    for (const { name, options } of this.selects) {
      const given = defaultOf(name)
      if (given !== undefined)
        for (const option of options) option.toggleAttribute('selected', isIn(given, option.value))
    }
    if (isNew && state.error && !this.edited) this.focusWrong()
  }

  /** Where a person who has sent the form goes on, unless they have gone somewhere else meanwhile. */
  private focusWrong(): void {
    const { activeElement, body } = document
    if (activeElement === body || this.form?.contains(activeElement))
      this.form?.querySelector<FormControl>('[aria-invalid=true]')?.focus()
  }

  /** The `ref` of each field. It is one function for as long as the form is there: another one would be detached while React resets. */
  readonly attach = (control: FormControl | null): (() => void) | undefined => {
    const form = control?.form
    if (!form) return undefined
    this.form = form
    const onReset = (event: Event) => this.reset(event)
    const onInput = () => {
      this.edited = true
    }
    if ('options' in control) this.selects.add(control)
    form.addEventListener('reset', onReset)
    form.addEventListener('input', onInput)
    return () => {
      this.selects.delete(control as HTMLSelectElement)
      form.removeEventListener('reset', onReset)
      form.removeEventListener('input', onInput)
    }
  }

  private reset(event: Event): void {
    const { settled: ended } = this
    if (!ended) this.onReset()
    else if (!ended.done || this.edited) event.preventDefault()
  }
}

export const isIn = (given: DefaultValue, value: string): boolean =>
  [given].flat().some((each) => String(each) === value)
