import type { Metadata } from 'next'
import { ExampleFrame } from '../example-frame'
import { recipes } from '../examples'
import { Signup } from './signup'
import { SignupTries } from './signup-tries'

const example = recipes.steps

export const metadata: Metadata = { title: `${example.name}: a live example`, description: example.text }

export default function SignupPage() {
  const lead =
    'Each step is checked and kept on the server. Leave a field empty, go back, reload in the middle: messages stand at their fields, and no answer is lost.'
  return (
    <ExampleFrame example={example} lead={lead} tries={<SignupTries />}>
      <Signup />
    </ExampleFrame>
  )
}
