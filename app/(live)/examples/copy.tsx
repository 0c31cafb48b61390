'use client'
import { useState } from 'react'

/** Copies a file to the clipboard, where the browser allows it: at an address without HTTPS it does not. */
export function Copy({ name, text }: { name: string; text: string }) {
  const [outcome, setOutcome] = useState('')
  const copy = async () => {
    const isCopied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    setOutcome(isCopied ? 'Copied' : 'Select the text to copy it')
    setTimeout(() => setOutcome(''), 2000)
  }
  return (
    <>
      <span role="status">{outcome}</span>
      <button
        type="button"
        aria-label={`Copy ${name}`}
        onClick={() => (navigator.clipboard ? void copy() : setOutcome('Select the text to copy it'))}
      >
        Copy
      </button>
    </>
  )
}
