import type { ReactNode } from 'react'
import './docs.css'
import { Menu } from './menu'
import { groups } from './pages'
import { Search } from './search'

export default function DocsLayout({ children }: { children: ReactNode }) {
  return (
    <div className="docs">
      <aside>
        <Search />
        <Menu groups={groups()} />
      </aside>
      <article>{children}</article>
    </div>
  )
}
