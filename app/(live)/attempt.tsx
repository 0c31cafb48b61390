'use client'
import { HeldStateError } from 'heldstate/react'
import { useState } from 'react'

/** Makes calls, and keeps the failure of one that the server refused until the next is made. */
export function useAttempt() {
  const [failure, setFailure] = useState<string>()
  const attempt = (call: () => Promise<unknown>) => {
    setFailure(undefined)
    call().catch((error: unknown) => setFailure(textOf(error)))
  }
  return { failure, attempt }
}

export function Failure({ id, children }: { id?: string; children: string | undefined }) {
  if (!children) return null
  return (
    <p className="failure" role="alert" {...(id ? { id } : {})}>
      {children}
    </p>
  )
}

/** What went wrong, for people. A `HeldStateError` is written for them already. */
export function textOf(error: unknown): string {
  return error instanceof HeldStateError ? error.message : `Something went wrong: ${String(error)}`
}
