import { ConnectionStatus } from 'heldstate/react'
import type { ReactNode } from 'react'
import { Footer } from '../footer'
import { Header } from '../header'
import { Connection } from './connection'

/** Pages with states: they alone open a socket. */
export default function LiveLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <Header>
        <Connection />
      </Header>
      <main id="content" tabIndex={-1}>
        <noscript>
          <p className="failure">
            This page needs JavaScript: its values come over a connection that a script opens. Without it, you see first
            values, and the buttons do nothing. The <a href="/docs">docs</a> work without.
          </p>
        </noscript>
        {children}
      </main>
      <Footer>
        <p>Every value on these pages is held on the server. Open a second tab: it has values of its own.</p>
      </Footer>
      <ConnectionStatus />
    </>
  )
}
