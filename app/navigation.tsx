'use client'
import { usePathname } from 'next/navigation'
import { HoverLink } from './hover-link'

interface Part {
  readonly href: string
  readonly title: string
}

/** The parts of the site. The one that the page belongs to is marked: the longest that begins its path. */
export function Navigation({ parts }: { parts: readonly Part[] }) {
  const path = usePathname()
  const [current] = parts
    .filter(({ href }) => path === href || path.startsWith(`${href}/`))
    .sort((a, b) => b.href.length - a.href.length)
  return (
    <nav aria-label="Site">
      <ul>
        {parts.map(({ href, title }) => (
          <li key={href}>
            <HoverLink href={href} aria-current={current?.href === href ? currentWord(path, href) : undefined}>
              {title}
            </HoverLink>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const currentWord = (path: string, href: string) => (path === href ? 'page' : 'true')
