/** The demo pages, in the order in which they are best read. */
export const demos = [
  {
    href: '/background-tasks',
    title: 'Background tasks',
    text: 'A counter that counts on the server while the page stays interactive, written in two ways, and fifty of them at once. Kill the server: they go on.',
  },
  {
    href: '/low-level',
    title: 'Low level',
    text: 'A promise that nobody awaits fetches rows and writes them into the state from outside, with modifyState.',
  },
  {
    href: '/job',
    title: 'Long job',
    text: 'A job of forty rows with progress, cancel, and a failure that reaches the page as a sentence.',
  },
  {
    href: '/chat',
    title: 'Chat',
    text: 'A chat with the useChat hook of the AI SDK: the answer goes on over a reload and a killed server, and Stop ends the call of the model.',
  },
  {
    href: '/form',
    title: 'Form',
    text: 'A form whose fields the server checks: messages at the fields, nothing lost of what was typed, and one call each.',
  },
] as const
