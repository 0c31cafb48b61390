import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import { metadataOf } from '../../demos'
import { Chat } from './chat'

export const metadata = metadataOf('/chat')

export default function ChatPage() {
  return (
    <HeldStateProvider>
      <div className="intro">
        <h1>Chat with a model whose answer survives a reload</h1>
        <p>
          The model is a stand-in on this server, and writes as many characters as you ask for. Reload the page while it
          writes, or kill the server and start it again: the answer goes on. Stop ends the work of the model, too. The
          page uses <code>useChat</code> of the AI SDK. <Link href="/docs/recipes/ai-chat">How it is done</Link>
        </p>
      </div>
      <Chat />
    </HeldStateProvider>
  )
}
