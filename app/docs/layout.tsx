import type { ReactNode } from 'react'
import { Header } from '../header'
import './docs.css'
import { Menu } from './menu'
import { groups } from './pages'
import { Search } from './search'

/** Pages of text, which carry nothing of heldstate and open no socket. */
export default function DocsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1}>
        <div className="docs">
          <aside>
            <Search />
            <Menu groups={groups()} />
          </aside>
          <article>{children}</article>
        </div>
      </main>
    </>
  )
}
