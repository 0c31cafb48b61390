import { metadataOf } from '../../demos'
import { Chat } from './chat'

export const metadata = metadataOf('/chat')

export default function ChatPage() {
  return (
    <>
      <div className="intro">
        <h1>Chat</h1>
        <p>
          A chat with <code>useChat</code> of the AI SDK, over a state. The model is one of the demo, and writes as many
          characters as you name. Reload the page while it writes, or kill the server and start it again: the answer
          goes on. Stop ends the call of the model on the server.
        </p>
      </div>
      <Chat />
    </>
  )
}
