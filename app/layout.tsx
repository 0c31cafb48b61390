import { ConnectionStatus } from 'heldstate/react'
import type { Metadata, Viewport } from 'next'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { Connection } from './connection'
import './globals.css'
import { Navigation } from './navigation'

export const metadata: Metadata = {
  title: { default: 'heldstate: state on the server for Next.js', template: '%s · heldstate' },
  description:
    'State on the server for Next.js, with work that outlives the page: one instance per browser tab, background tasks, every change a small patch.',
}

export const viewport: Viewport = { colorScheme: 'light dark' }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#content">
          Skip to content
        </a>
        <header className="top">
          <Link className="brand" href="/">
            heldstate
          </Link>
          <Navigation />
          <Connection />
        </header>
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <footer className="foot">
          <p>Every value on these pages is held on the server. Open a second tab: it has values of its own.</p>
        </footer>
        <ConnectionStatus />
      </body>
    </html>
  )
}
