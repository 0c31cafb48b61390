'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { demos } from './demos'

export function Navigation() {
  const path = usePathname()
  return (
    <nav aria-label="Site">
      <ul>
        {demos.map(({ href, title }) => (
          <li key={href}>
            <Link href={href} aria-current={path === href ? 'page' : undefined}>
              {title}
            </Link>
          </li>
        ))}
        <li>
          <Link href="/docs" aria-current={path === '/docs' || path.startsWith('/docs/') ? 'page' : undefined}>
            Docs
          </Link>
        </li>
      </ul>
    </nav>
  )
}
