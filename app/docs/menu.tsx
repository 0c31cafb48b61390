'use client'
import { usePathname } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { HoverLink } from '../hover-link'
import type { Group } from './pages'

/** The pages of the docs. On a phone it opens at a button, and closes when a page was chosen. */
export function Menu({ groups }: { groups: readonly Group[] }) {
  const path = usePathname()
  const menu = useRef<HTMLElement>(null)
  const [openedAt, setOpenedAt] = useState<string>()
  const isOpen = openedAt === path

  // The menu is longer than most windows: the page that is read is in sight.
  useEffect(() => {
    const current = path && menu.current?.querySelector<HTMLElement>('[aria-current]')
    if (!menu.current || !current) return
    const { top, bottom, height } = menu.current.getBoundingClientRect()
    const place = current.getBoundingClientRect()
    if (place.top < top || place.bottom > bottom) menu.current.scrollTop += place.top - top - height / 2
  }, [path])

  return (
    <nav className="menu" aria-label="Docs" ref={menu}>
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
                  <HoverLink href={page.href} aria-current={isAt(path, page.href) ? 'page' : undefined}>
                    {page.title}
                  </HoverLink>
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
