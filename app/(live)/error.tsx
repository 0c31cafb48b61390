'use client'
import { Failed } from '../failed'

/** A live page that has failed, within the frame of the live pages. */
export default function LiveError({ reset }: { reset: () => void }) {
  return <Failed retry={reset} />
}
