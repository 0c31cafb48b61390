/** `heldstate/ai` in the modules of server components, which can call nothing of it. */
export { chatTransport, useServerChat } from '../react/server-component.js'
