import type { ReactNode } from 'react'
import { HoverLink } from './hover-link'
import { version } from './site'
import { ThemeSwitch } from './theme'

/** The end of each page. Its children stand before the links. */
export function Footer({ children }: { children?: ReactNode }) {
  return (
    <footer className="foot">
      {children}
      <div className="row">
        <nav aria-label="More">
          <ul>
            <li>
              <HoverLink href="/docs/get-started">Get started</HoverLink>
            </li>
            <li>
              <HoverLink href="/docs/measured">Measured</HoverLink>
            </li>
            <li>
              <HoverLink href="/docs/compare">Compare</HoverLink>
            </li>
            <li>
              <a href="/llms.txt">llms.txt</a>
            </li>
          </ul>
        </nav>
        <span>heldstate {version} · MIT</span>
        <ThemeSwitch />
      </div>
    </footer>
  )
}
