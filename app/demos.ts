import type { Metadata } from 'next'

/** The demo pages by what a visitor gets from them, in the order in which they are best read. */
export const demos = [
  {
    href: '/background-tasks',
    title: 'Keep work running after the page has gone',
    text: 'Counters that count on the server, fifty of them at once. Type and click meanwhile, reload the page, or kill the server: they go on.',
  },
  {
    href: '/low-level',
    title: 'Write from anywhere on the server',
    text: 'A slow service answers seconds after the click was handled, and its answer appears in the tab that asked. Webhooks and cron jobs write the same way.',
  },
  {
    href: '/job',
    title: 'Run a long job with progress and cancel',
    text: 'Forty rows, one after the other. Watch them arrive, cancel in the middle, or see how a failure reaches the page as a sentence.',
  },
  {
    href: '/chat',
    title: 'Chat with a model whose answer survives a reload',
    text: 'The useChat hook of the AI SDK. The answer goes on over a reload and a killed server, and Stop ends the call of the model.',
  },
  {
    href: '/form',
    title: 'Check a form on the server and lose nothing',
    text: 'Messages appear at their fields, nothing that was typed is lost, and each button sends one call.',
  },
] as const

/** What the head of a demo's page says of it. */
export function metadataOf(path: (typeof demos)[number]['href']): Metadata {
  const { title, text } = demos.find(({ href }) => href === path) ?? demos[0]
  return { title: `${title}: a live example`, description: text }
}
