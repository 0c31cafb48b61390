import { HeldStateProvider } from 'heldstate/provider'
import type { Metadata } from 'next'
import { TorturePage } from './torture'
import { torture } from './torture.state'

export const metadata: Metadata = {
  title: 'Try to lose a click',
  description:
    'Cut the network, reload, and kill the server of this page with kill -9. It counts what is lost and what happens twice.',
}

export default function Torture() {
  return (
    <HeldStateProvider states={[torture]}>
      <div className="intro">
        <h1>Try to lose a click</h1>
        <p className="lead">
          Each click has a number. The page keeps what it made, the server what has come. Cut the network, reload, kill
          the server: the two agree, and nothing happens twice.
        </p>
      </div>
      <TorturePage />
    </HeldStateProvider>
  )
}
