import { ConnectionStatus } from 'heldstate/react'
import type { ReactNode } from 'react'
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
        {children}
      </main>
      <footer className="foot">
        <p>Every value on these pages is held on the server. Open a second tab: it has values of its own.</p>
      </footer>
      <ConnectionStatus />
    </>
  )
}
