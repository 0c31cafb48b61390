import type { Metadata } from 'next'
import { Missing } from '../missing'
import { everyPage } from './pages'

export const metadata: Metadata = { title: 'No such page', alternates: { canonical: null } }

export default function NotFound() {
  return (
    <article id="content" tabIndex={-1}>
      <Missing pages={everyPage()}>
        <p>Search for it, or choose a page in the menu.</p>
      </Missing>
    </article>
  )
}
