import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import './globals.css'
import './docs/docs.css' // here, so that a link to the docs does not preload a sheet that the page does not use
import './print.css'
import { siteUrl } from './site'
import { EarlyTheme } from './theme'

export const metadata: Metadata = {
  metadataBase: siteUrl,
  title: { default: 'heldstate: state on the server for Next.js', template: '%s · heldstate' },
  description:
    'State on the server for Next.js, with work that outlives the page: one instance per browser tab, background tasks, every change a small patch.',
  alternates: { canonical: './' }, // of each page its own
  openGraph: { type: 'website', siteName: 'heldstate' },
  twitter: { card: 'summary_large_image' },
}

export const viewport: Viewport = { colorScheme: 'light dark' }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning /* the theme is set before React starts */>
      <body>
        <EarlyTheme />
        <a className="skip" href="#content">
          Skip to content
        </a>
        {children}
      </body>
    </html>
  )
}
