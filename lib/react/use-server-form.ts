'use client'
import { type RefCallback, useId, useLayoutEffect, useState, useTransition } from 'react'
import { isHeldStateError } from '../base/errors.js'
import { type DefaultValue, type FormControl, FormControls, isIn } from './form-controls.js'
import { type FormState, refusedState, type ShownNames, stateWithout } from './form-state.js'

/** An event, or the start of a task, whose one argument is an object that the fields of a form can be. */
export type FormAction = (form: FormData) => Promise<unknown>

/** Of an event with several forms of its argument, the names of all. Any name where the type does not say. */
export type FieldName<E extends FormAction> = E extends (...args: infer Args) => unknown
  ? unknown extends Args[0]
    ? string
    : KeyOf<Extract<Args[0], object>>
  : never
type KeyOf<Input> = Input extends unknown ? keyof Input & string : never

/** An event without an argument takes a form as well, and has no use for it. */
type WithFields<E extends FormAction> = Parameters<E> extends readonly [] ? never : E

export interface ServerFormOptions<Name extends string = string> {
  /** What the fields start with, and come back to: of a name that is repeated, a list. */
  readonly defaultValues?: { readonly [K in Name]?: DefaultValue }
}

/** The props of an input, a textarea or a select. */
export interface FieldProps<Name extends string = string> {
  readonly name: Name
  readonly id: string
  readonly ref: RefCallback<FormControl>
  readonly 'aria-invalid': true | undefined
  /** The id of the message, where there is one. */
  readonly 'aria-describedby': string | undefined
  /** What was typed, if the server has refused it. */
  readonly defaultValue: DefaultValue
}

/** The props of a checkbox or a radio button. */
export interface ChoiceProps<Name extends string = string> extends Omit<FieldProps<Name>, 'defaultValue'> {
  readonly value: string
  readonly defaultChecked: boolean
}

export interface ServerForm<Name extends string = string> extends FormState<Name> {
  /** For `<form action={form.action}>`. Never rejects for what the server has refused. A submit while one is pending makes no second call. */
  readonly action: (form: FormData) => Promise<void>
  /** For `useActionState(form.submit, form.state)`; the form shows the same. */
  readonly submit: (before: unknown, form: FormData) => Promise<FormState<Name>>
  readonly state: FormState<Name>
  /** Whether a call of this form is under way. */
  readonly pending: boolean
  /** The props of the field with this name; with a `value`, of a checkbox or a radio button. */
  field(name: Name): FieldProps<Name>
  field(name: Name, value: string): ChoiceProps<Name>
  /** For the element that shows `errors[name]`. */
  errorId(name: Name | 'root'): string
}

/**
 * A form for an event: `<form action={form.action}>`, `<input {...form.field('name')} />`, and `form.errors.name` for the message of a
 * field. Typed values stay if the server refuses them; the form is reset after a call that took effect.
 */
export function useServerForm<E extends FormAction>(
  event: WithFields<E>,
  options?: ServerFormOptions<FieldName<E>>,
): ServerForm<FieldName<E>>
export function useServerForm(event: FormAction, { defaultValues = {} }: ServerFormOptions = {}): ServerForm {
  const id = useId()
  const [pending, start] = useTransition()
  const [own] = useState(ownOfForm)
  const [state, setState] = useState(own.untouched)
  const [controls] = useState(() => new FormControls(() => setState(own.untouched)))
  const startsWith = (name: string): DefaultValue =>
    Object.hasOwn(defaultValues, name) ? defaultValues[name] : undefined
  useLayoutEffect(() => controls.committed(state, startsWith))

  const idOf = (...names: string[]) => [id, ...names].join('-').replaceAll(/\s/g, '_')
  const errorId = (name: string) => idOf(name, 'error')
  const field = (name: string, value?: string) => {
    const isWrong = state.errors[name] !== undefined
    const props = {
      name,
      ref: controls.attach,
      'aria-invalid': isWrong || undefined,
      'aria-describedby': isWrong ? errorId(name) : undefined,
    }
    if (value === undefined) return { ...props, id: idOf(name), defaultValue: state.values?.[name] ?? startsWith(name) }
    const chosen = state.values ? state.values[name] : startsWith(name)
    return { ...props, id: idOf(name, value), value, defaultChecked: isIn(chosen, value) }
  }

  const submit = (_before: unknown, form: FormData): Promise<FormState> => {
    own.underWay ??= new Promise<FormState>((resolve, reject) => {
      controls.sent()
      start(async () => {
        try {
          const next = await outcomeOf(event, form, own.shown)
          controls.answered(next)
          start(() => setState(next))
          resolve(next)
        } catch (error) {
          reject(error)
        } finally {
          own.underWay = undefined
        }
      })
    })
    return own.underWay
  }
  const action = async (form: FormData) => void (await submit(undefined, form))
  return { ...state, state, pending, action, submit, field: field as ServerForm['field'], errorId }
}

/** What a form keeps over its renders. */
function ownOfForm() {
  const shown: ShownNames = new Set()
  return { shown, untouched: stateWithout(shown, false), underWay: undefined as Promise<FormState> | undefined }
}

async function outcomeOf(event: FormAction, form: FormData, shown: ShownNames): Promise<FormState> {
  try {
    await event(form)
    return stateWithout(shown, true)
  } catch (error) {
    if (!isHeldStateError(error)) throw error
    return refusedState(shown, error, form)
  }
}
