/** What `/examples` lists. A running recipe names its page in `docs/recipes/`, and its files as that page names them. */
export interface Example {
  readonly href: string
  readonly title: string
  /** One sentence: what it gains you. */
  readonly text: string
}

export interface RunningRecipe extends Example {
  readonly recipe: string
  readonly files: readonly string[]
}

export const recipes = {
  import: {
    href: '/examples/import',
    title: 'CSV import',
    text: 'The server works through a file, lists the lines that fail, and goes on after a crash with the next line.',
    recipe: 'csv-import',
    files: [
      'app/import/import.state.ts',
      'app/import/import.tsx',
      'app/api/import/route.ts',
      'app/import/files.ts',
      'app/import/customers.ts',
      'app/import/sample.ts',
    ],
  },
  payment: {
    href: '/examples/payment',
    title: 'Payment webhook',
    text: 'A payment service calls a route handler, and the page of that one visitor turns green: signed, once, without polling.',
    recipe: 'payment-webhook',
    files: [
      'app/payment/order.state.ts',
      'app/api/payment/route.ts',
      'app/payment/payment.tsx',
      'app/payment/signature.ts',
      'app/payment/orders.ts',
    ],
  },
  dashboard: {
    href: '/examples/dashboard',
    title: 'Table of 10,000 rows',
    text: 'The server holds all rows and the page gets the twenty that it shows: a change of one costs some sixty bytes.',
    recipe: 'many-rows',
    files: ['app/dashboard/orders.state.ts', 'app/dashboard/orders.tsx', 'app/dashboard/rows.ts'],
  },
  steps: {
    href: '/examples/steps',
    title: 'Multi-step form',
    text: 'The answers of each step are on the server: back, reload and a crash lose none of them.',
    recipe: 'multi-step-form',
    files: ['app/steps/signup.state.ts', 'app/steps/signup.tsx'],
  },
  upload: {
    href: '/examples/upload',
    title: 'Upload',
    text: 'The page shows the bytes that have arrived on the server, and never says more than is true.',
    recipe: 'upload',
    files: ['app/upload/upload.state.ts', 'app/api/upload/route.ts', 'app/upload/upload.tsx', 'app/upload/largest.ts'],
  },
} as const satisfies Record<string, RunningRecipe>

/** In the order in which they are best read. */
export const examples: readonly Example[] = [
  {
    href: '/background-tasks',
    title: 'Background tasks',
    text: 'Counters count on the server while the page stays interactive; kill the server, and they go on.',
  },
  {
    href: '/job',
    title: 'Long job',
    text: 'A job of forty rows shows its progress, can be cancelled, and tells a failure in a sentence.',
  },
  recipes.import,
  {
    href: '/chat',
    title: 'Chat',
    text: 'The answer of a model goes on over a reload and a killed server, and Stop ends the call of the model.',
  },
  recipes.payment,
  recipes.dashboard,
  recipes.steps,
  {
    href: '/form',
    title: 'Form',
    text: 'The server checks the fields: messages stand at the fields, and nothing that was typed is lost.',
  },
  recipes.upload,
  {
    href: '/low-level',
    title: 'Write from anywhere',
    text: 'A promise that the server started seconds ago writes into the state of the tab that asked.',
  },
]
