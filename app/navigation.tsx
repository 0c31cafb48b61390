'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { demos } from './demos'

export function Navigation() {
  const path = usePathname()
  return (
    <nav aria-label="Demos">
      <ul>
        {demos.map(({ href, title }) => (
          <li key={href}>
            <Link href={href} aria-current={path === href ? 'page' : undefined}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
