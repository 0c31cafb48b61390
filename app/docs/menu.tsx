'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useState } from 'react'
import type { Group } from './pages'

/** The pages of the docs. On a phone it opens at a button, and closes when a page was chosen. */
export function Menu({ groups }: { groups: readonly Group[] }) {
  const path = usePathname()
  const [openedAt, setOpenedAt] = useState<string>()
  const isOpen = openedAt === path
  return (
    <nav className="menu" aria-label="Docs">
      <button type="button" aria-expanded={isOpen} onClick={() => setOpenedAt(isOpen ? undefined : path)}>
        All pages
      </button>
      <div data-open={isOpen}>
        {groups.map(({ title, pages }) => (
          <div key={title}>
            <p className="kicker">{title}</p>
            <ul>
              {pages.map((page) => (
                <li key={page.href}>
                  <Link href={page.href} aria-current={isAt(path, page.href) ? 'page' : undefined}>
                    {page.title}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  )
}

/** The page of one error stands below that of all. */
const isAt = (path: string, href: string) => path === href || (href === '/docs/errors' && path.startsWith(`${href}/`))
