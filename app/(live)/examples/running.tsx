'use client'
import { useConnection } from 'heldstate/react'
import type { ReactNode } from 'react'
import css from './example.module.css'

/** The place in which an example runs. It says that it is busy until the page is connected. */
export function Running({ label, children }: { label: string; children: ReactNode }) {
  const isBusy = useConnection().status === 'connecting'
  return (
    <section className={`card ${css.running}`} aria-label={label} aria-busy={isBusy}>
      {children}
    </section>
  )
}
