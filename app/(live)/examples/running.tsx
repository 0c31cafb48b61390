'use client'
import { useConnection } from 'heldstate/react'
import type { ReactNode } from 'react'
import css from './example.module.css'

/** The place in which an example runs. Until the state has come, it shows first values, and says that it is busy. */
export function Running({ label, children }: { label: string; children: ReactNode }) {
  const isBusy = useConnection().status === 'connecting'
  return (
    <section className={`card ${css.running}`} aria-label={label} aria-busy={isBusy}>
      <noscript>
        <p>This example needs JavaScript in your browser.</p>
      </noscript>
      {children}
    </section>
  )
}
