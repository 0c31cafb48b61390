'use client'
import { useServerForm, useServerState } from 'heldstate/react'
import { useCallback, useRef, useState } from 'react'
import { signup } from './signup.state'

const titles = { person: 'Step 1 of 3: you', plan: 'Step 2 of 3: plan', check: 'Step 3 of 3: check', done: 'Done' }

export function Signup() {
  const s = useServerState(signup)
  const person = useServerForm(s.setPerson, { defaultValues: { name: s.name, mail: s.mail } })
  const plan = useServerForm(s.setPlan, { defaultValues: { plan: s.plan } })
  const [failure, setFailure] = useState('')
  const acted = useRef(false)
  /** The heading of the next step gets the focus, once somebody has gone there. */
  const focus = useCallback((heading: HTMLElement | null) => {
    if (acted.current) heading?.focus()
  }, [])
  const act = (work: Promise<void>) => {
    acted.current = true
    setFailure('')
    return work.catch((error) => setFailure(error.message))
  }
  return (
    <>
      <h2 key={s.step} ref={focus} tabIndex={-1}>
        {titles[s.step]}
      </h2>
      {s.step === 'person' && (
        <form action={(form) => act(person.action(form))} noValidate key={`${s.name} ${s.mail}`}>
          <label>
            Name
            <input {...person.field('name')} autoComplete="name" />
          </label>
          {person.errors.name && (
            <span id={person.errorId('name')} data-error>
              {person.errors.name}
            </span>
          )}
          <label>
            E-mail
            <input {...person.field('mail')} type="email" autoComplete="email" />
          </label>
          {person.errors.mail && (
            <span id={person.errorId('mail')} data-error>
              {person.errors.mail}
            </span>
          )}
          {person.errors.root && <p role="alert">{person.errors.root}</p>}
          <button type="submit" aria-disabled={person.pending}>
            Next
          </button>
        </form>
      )}
      {s.step === 'plan' && (
        <form action={(form) => act(plan.action(form))} noValidate>
          <fieldset aria-describedby={plan.errors.plan && plan.errorId('plan')}>
            <legend>Plan</legend>
            <label>
              <input type="radio" {...plan.field('plan', 'small')} /> Small: 10 tabs
            </label>
            <label>
              <input type="radio" {...plan.field('plan', 'large')} /> Large: 1,000 tabs
            </label>
          </fieldset>
          {plan.errors.plan && (
            <span id={plan.errorId('plan')} data-error>
              {plan.errors.plan}
            </span>
          )}
          {plan.errors.root && <p role="alert">{plan.errors.root}</p>}
          <button type="submit" aria-disabled={plan.pending}>
            Next
          </button>
        </form>
      )}
      {s.step === 'check' && (
        <>
          <dl>
            <dt>Name</dt>
            <dd>{s.name}</dd>
            <dt>E-mail</dt>
            <dd>{s.mail}</dd>
            <dt>Plan</dt>
            <dd>{s.plan}</dd>
          </dl>
          <p>
            <button type="button" onClick={() => act(s.send())}>
              Sign up
            </button>
          </p>
        </>
      )}
      {s.step === 'done' && <p role="status">Welcome, {s.name}. Nothing was sent: this is an example.</p>}
      <p>
        {(s.step === 'plan' || s.step === 'check') && (
          <button type="button" onClick={() => act(s.back())}>
            Back
          </button>
        )}
        {s.step !== 'person' && (
          <button type="button" onClick={() => act(s.startOver())}>
            Start over
          </button>
        )}
      </p>
      {failure && <p role="alert">{failure}</p>}
    </>
  )
}
