'use client'
import { type ServerForm, useServerForm, useServerState } from 'heldstate/react'
import type { ComponentProps, ReactNode } from 'react'
import { Failure, useAttempt } from '../attempt'
import { guests } from './guests.state'

export function Guests() {
  const { invite, clear, list, free } = useServerState(guests)
  const form = useServerForm(invite, { defaultValues: { seats: 1, meal: 'plants' } })
  const { action, pending, done, errors, field, errorId } = form
  const { failure, attempt } = useAttempt()
  return (
    <div className="pair">
      <section className="card" aria-labelledby="invite">
        <h2 id="invite">Invite a guest</h2>
        <form className="stack" action={action} noValidate>
          <Text of={form} name="name" label="Name" autoComplete="off" />
          <Text of={form} name="mail" label="E-mail" type="email" autoComplete="off" />
          <Text of={form} name="seats" label="Seats" type="number" min={1} max={8} />
          <div className="field">
            <label htmlFor={field('meal').id}>Meal</label>
            <select {...field('meal')}>
              <option value="meat">Meat</option>
              <option value="fish">Fish</option>
              <option value="plants">Plants</option>
            </select>
            <Failure id={errorId('meal')}>{errors.meal}</Failure>
          </div>
          <fieldset aria-describedby={errors.days ? errorId('days') : undefined}>
            <legend>Days</legend>
            <Choice props={field('days', 'fri')}>Friday</Choice>
            <Choice props={field('days', 'sat')}>Saturday</Choice>
            <Failure id={errorId('days')}>{errors.days}</Failure>
          </fieldset>
          <Failure>{errors.root}</Failure>
          <div className="row">
            <button type="submit" className="main" aria-disabled={pending}>
              {pending ? 'Sending…' : 'Invite'}
            </button>
            <button type="reset">Start over</button>
            <span role="status">{done && 'Invited.'}</span>
          </div>
        </form>
      </section>
      <section className="card" aria-labelledby="coming">
        <h2 id="coming">Who is coming</h2>
        <table>
          <caption>{free} of 10 seats are free</caption>
          <thead>
            <tr>
              <th scope="col">Guest</th>
              <th scope="col">Seats</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ name, seats, meal }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: guests are added at the end
              <tr key={at}>
                <th scope="row">
                  {name}, {meal}
                </th>
                <td>{seats}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="row">
          <button type="button" onClick={() => attempt(clear)}>
            Clear the list
          </button>
        </div>
        <Failure>{failure}</Failure>
      </section>
    </div>
  )
}

interface TextProps<Name extends string> extends ComponentProps<'input'> {
  of: ServerForm<Name>
  name: Name
  label: string
}

/** A label, an input and its message. */
function Text<Name extends string>({ of: form, name, label, ...props }: TextProps<Name>) {
  const { field, errors, errorId } = form
  return (
    <div className="field">
      <label htmlFor={field(name).id}>{label}</label>
      <input {...field(name)} {...props} />
      <Failure id={errorId(name)}>{errors[name]}</Failure>
    </div>
  )
}

function Choice({ props, children }: { props: ComponentProps<'input'>; children: ReactNode }) {
  return (
    <label>
      <input type="checkbox" {...props} /> {children}
    </label>
  )
}
