'use client'
/** `heldstate/ai`: for components with `useChat` of the AI SDK. */
export { type ChatDefinition, chatTransport } from '../react/chat-transport.js'
export { type ServerChat, useServerChat } from '../react/use-server-chat.js'
