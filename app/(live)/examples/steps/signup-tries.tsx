'use client'
import { useServerState } from 'heldstate/react'
import { TryList } from '../try-list'
import { signup } from './signup.state'

const words = {
  reload: 'Reload after the first step.',
  line: 'Go offline after the first step, and come back.',
  kill: 'Kill the server after the first step, and start it again.',
}

export function SignupTries() {
  const isKept = useServerState(signup, (s) => s.name !== '')
  return <TryList id="steps" busy={isKept} kept={isKept} words={words} />
}
