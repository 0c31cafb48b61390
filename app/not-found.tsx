import type { Metadata } from 'next'
import { demos } from './demos'
import { everyPage } from './docs/pages'
import { Search } from './docs/search'
import { Footer } from './footer'
import { Header } from './header'
import { Missing } from './missing'
import { parts } from './site'

export const metadata: Metadata = { title: 'No such page', alternates: { canonical: null } }

export default function NotFound() {
  const pages = [{ href: '/', title: 'Home' }, ...parts, ...demos, ...everyPage()]
  const unique = [...new Map(pages.map(({ href, title }) => [href, { href, title }])).values()]
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1}>
        <Missing pages={unique}>
          <p>
            The address may be mistyped, or the page has moved. Search the docs, or begin at one of the links above.
          </p>
          <Search />
        </Missing>
      </main>
      <Footer />
    </>
  )
}
