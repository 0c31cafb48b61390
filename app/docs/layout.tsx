import type { ReactNode } from 'react'
import { Footer } from '../footer'
import { Header } from '../header'
import { Menu } from './menu'
import { groups } from './pages'
import { Search } from './search'

/** Pages of text, which carry nothing of heldstate and open no socket. */
export default function DocsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <Header />
      <main className="docs">
        <aside aria-label="Find a page">
          <Search />
          <Menu groups={groups()} />
        </aside>
        {children}
      </main>
      <Footer />
    </>
  )
}
