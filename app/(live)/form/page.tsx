import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import { metadataOf } from '../../demos'
import { Guests } from './guests'

export const metadata = metadataOf('/form')

export default function FormPage() {
  return (
    <HeldStateProvider>
      <div className="intro">
        <h1>Check a form on the server and lose nothing</h1>
        <p>
          Send the form empty: the server refuses it, each message stands at its field, and nothing that was typed is
          lost. What only the server can know comes the same way: invite one address twice, or more guests than there
          are seats. <Link href="/docs/recipes/form">How it is done</Link>
        </p>
      </div>
      <Guests />
    </HeldStateProvider>
  )
}
