import { getState } from 'heldstate/server'
import Link from 'next/link'
import { Suspense } from 'react'
import { counter } from '../counter.state'
import { Counter } from './counter'

export default function Page() {
  return (
    <>
      <Suspense fallback="…">
        <Counter />
      </Suspense>
      <Suspense>
        <Seen />
      </Suspense>
      <Link href="/">Home</Link>
    </>
  )
}

async function Seen() {
  return <p>server sees {(await getState(counter)).n}</p>
}
