import { demos } from '../../demos'

/** What `/examples` lists. A running recipe names its page in `docs/recipes/`, and its files as that page names them. */
export interface Example {
  readonly href: string
  readonly title: string
  /** One sentence: what it gains you. */
  readonly text: string
}

export interface RunningRecipe extends Example {
  /** What it is, in a word or two. */
  readonly name: string
  readonly recipe: string
  readonly files: readonly string[]
}

export const recipes = {
  import: {
    href: '/examples/import',
    name: 'CSV import',
    title: 'Import a file and go on after a crash',
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
    name: 'Payment webhook',
    title: 'Show a payment the moment its webhook comes',
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
    name: 'Table of 10,000 rows',
    title: 'Show 10,000 rows at sixty bytes a change',
    text: 'The server holds all rows and the page gets the twenty that it shows: a change of one costs some sixty bytes.',
    recipe: 'many-rows',
    files: ['app/dashboard/orders.state.ts', 'app/dashboard/orders.tsx', 'app/dashboard/rows.ts'],
  },
  steps: {
    href: '/examples/steps',
    name: 'Multi-step form',
    title: 'Fill in a form in steps and lose no answer',
    text: 'The answers of each step are on the server: back, reload and a crash lose none of them.',
    recipe: 'multi-step-form',
    files: ['app/steps/signup.state.ts', 'app/steps/signup.tsx'],
  },
  upload: {
    href: '/examples/upload',
    name: 'Upload',
    title: 'Upload a file and see what has arrived',
    text: 'The page shows the bytes that have arrived on the server, and never says more than is true.',
    recipe: 'upload',
    files: ['app/upload/upload.state.ts', 'app/api/upload/route.ts', 'app/upload/upload.tsx', 'app/upload/largest.ts'],
  },
} as const satisfies Record<string, RunningRecipe>

const [background, anywhere, job, chat, form] = demos

/** In the order in which they are best read. */
export const examples: readonly Example[] = [
  background,
  job,
  recipes.import,
  chat,
  recipes.payment,
  recipes.dashboard,
  form,
  recipes.steps,
  recipes.upload,
  anywhere,
]
