/** The search over the docs as they are: words that people type lead to a page that helps. */
import { expect, it } from 'vitest'
import { entries } from './entries'
import { find } from './find'

const all = entries()
const found = (query: string) => find(all, query).map(({ entry }) => entry.href)

/** A query, and a section that must be among the first three. Those of `first` must be the first. */
const wanted: readonly (readonly [string, string])[] = [
  ['login', '/docs/users#login'],
  ['logout', '/docs/users#logout'],
  ['user', '/docs/users'],
  ['authentication', '/docs/users'],
  ['room', '/docs/several-tabs#share-state-between-people-a-room'],
  ['share state', '/docs/several-tabs#share-state-between-people-a-room'],
  ['presence', '/docs/several-tabs#who-is-online-presence'],
  ['cron', '/docs/low-level#run-on-a-schedule-cron'],
  ['webhook', '/docs/low-level#modifystate-from-a-webhook-or-a-route-handler'],
  ['rate limit', '/docs/limits#rate-limit-an-event'],
  ['cancel', '/docs/background-tasks#cancel-a-background-task'],
  ['stop a task', '/docs/background-tasks#cancel-a-background-task'],
  ['how to stop a task', '/docs/background-tasks#cancel-a-background-task'],
  ['queue', '/docs/background-tasks#queue-tasks'],
  ['debug', '/docs/debugging'],
  ['devtools', '/docs/debugging'],
  ['vercel', '/docs/hosts#vercel'],
  ['docker', '/docs/hosts#docker'],
  ['kubernetes', '/docs/hosts#kubernetes'],
  ['redis cluster', '/docs/scaling#not-supported-redis-cluster-several-regions'],
  ['csp', '/docs/security#content-security-policy-csp'],
  ['serverless', '/docs/hosts#serverless-functions-and-the-edge'],
  ['typescript error', '/docs/troubleshooting#typescript-error'],
  ['hydration', '/docs/troubleshooting#hydration-error-or-the-page-flashes-first-values-flicker'],
  ['websocket blocked', '/docs/troubleshooting#the-websocket-is-blocked'],
  ['not updating', '/docs/troubleshooting#the-page-is-not-updating'],
  ['migration', '/docs/upgrading#change-the-shape-of-a-state-migration'],
  ['environment variables', '/docs/limits#environment-variables'],
  ['offline', '/docs/events#offline-queue-or-reject-calls'],
  ['useServerState', '/docs/api#useserverstate'],
  ['progress bar', '/docs/background-tasks#show-status-and-a-progress-bar'],
  ['fake timers', '/docs/testing'],
  ['iframe', '/docs/deploying#in-frames-of-other-sites'],
  ['permissions', '/docs/users#events-are-public-endpoints-check-permissions'],
  ['multiplayer', '/docs/several-tabs#share-state-between-people-a-room'],
  ['debounce', '/docs/background-tasks#run-only-once-at-a-time-concurrency-debounce'],
  ['prisma', '/docs/events#use-your-database-in-an-event'],
  ['ssr', '/docs/server-side#server-side-rendering-values-in-the-first-html'],
  ['middleware', '/docs/get-started#set-it-up-by-hand'],
  ['ttl', '/docs/state#expiry-ttl-and-reset-how-long-state-is-kept'],
  ['reset state', '/docs/state#expiry-ttl-and-reset-how-long-state-is-kept'],
  ['csrf', '/docs/security#how-state-and-tokens-are-protected'],
  ['logging', '/docs/debugging#logging-and-errors'],
  ['metrics', '/docs/debugging#metrics-and-tracing'],
  ['bundle size', '/docs/measured#bundle-size'],
  ['latency', '/docs/measured#latency-and-throughput-compared-with-bare-socketio'],
  ['connection status', '/docs/delivery#show-the-connection-status'],
  ['bun', '/docs/works-with#does-not-work-with'],
  ['nested-lock', '/docs/errors/nested-lock'],
  ['email', '/docs/events#send-an-e-mail-from-an-event'],
  ['send mail', '/docs/events#send-an-e-mail-from-an-event'],
  ['idempotency key', '/docs/recipes/survives-a-restart#avoid-duplicate-side-effects-idempotency-key'],
  ['how many users', '/docs/deploying#how-many-users-can-one-process-serve'],
  ['eslint', '/docs/works-with#eslint'],
  ['trpc', '/docs/server-side#trpc-and-graphql'],
  ['graphql', '/docs/server-side#trpc-and-graphql'],
  ['hot reload', '/docs/get-started#save-a-file-what-hot-reload-does'],
  ['useState', '/docs/compare#when-usestate-or-a-server-action-is-enough'],
  ['server component', '/docs/server-side#read-state-in-a-server-component'],
  ['client-only', '/docs/errors/client-only'],
  ['update state from a task', '/docs/background-tasks#update-state-from-a-task'],
  ['retry', '/docs/background-tasks#errors-retry-and-timeout'],
  ['durable', '/docs/background-tasks#durable-tasks-survive-a-restart'],
]

/** A query as a visitor types it, and the section that answers it. */
const first: readonly (readonly [string, string])[] = [
  ['cancel', '/docs/background-tasks#cancel-a-background-task'],
  ['queue', '/docs/background-tasks#queue-tasks'],
  ['offline', '/docs/events#offline-queue-or-reject-calls'],
  ['"not updating"', '/docs/troubleshooting#the-page-is-not-updating'],
  ['"useState is not persisted"', '/docs/troubleshooting#state-is-gone-after-a-reload'],
  ['why is my counter reset', '/docs/troubleshooting#state-is-gone-after-a-reload'],
  ['retry', '/docs/background-tasks#errors-retry-and-timeout'],
  ['big list', '/docs/state-size'],
  ['pagination', '/docs/state-size#a-large-table-20000-rows-paged-through-a-computed-value'],
  ['infinite scroll', '/docs/state-size#a-large-table-20000-rows-paged-through-a-computed-value'],
  ['form validation', '/docs/recipes/form'],
  ['zod', '/docs/events#validate-arguments-zod-valibot-arktype'],
  ['multiple tabs', '/docs/several-tabs'],
  ['test my state', '/docs/testing'],
  ['jest mock', '/docs/testing#jest'],
  ['migrate schema', '/docs/upgrading#change-the-shape-of-a-state-migration'],
  ['stream openai', '/docs/recipes/llm-answer'],
  ['backup', '/docs/deploying#look-into-the-store-and-back-it-up'],
  ['background job', '/docs/background-tasks'],
  ['k8s', '/docs/hosts#kubernetes'],
  ['pm2', '/docs/hosts#any-node-server'],
  ['push notification', '/docs/several-tabs#share-state-between-people-a-room'],
  ['localStorage', '/docs/compare#zustand-redux-jotai'],
  ['monitoring', '/docs/debugging#metrics-and-tracing'],
  ['load balancer', '/docs/deploying#behind-a-proxy'],
  ['nginx', '/docs/deploying#behind-a-proxy'],
  ['timeout', '/docs/limits#timeouts'],
  ['memory limit', '/docs/limits#change-a-limit'],
  ['gdpr delete user', '/docs/users#delete-a-users-data-gdpr'],
  ['delete account', '/docs/users#delete-a-users-data-gdpr'],
  ['clerk', '/docs/users#with-better-auth-authjs-or-clerk'],
  ['typescript types of state', '/docs/troubleshooting#typescript-error'],
  ['error handling', '/docs/errors#error-handling-in-a-component'],
  ['error boundary', '/docs/errors#error-handling-in-a-component'],
  ['i18n', '/docs/errors#translate-messages-i18n'],
  ['custom server', '/docs/deploying#a-custom-server'],
  ['health check', '/docs/deploying#health-check'],
  ['search params', '/docs/server-side#search-params-and-the-url'],
  ['who is online', '/docs/several-tabs#who-is-online-presence'],
  ['race condition', '/docs/low-level#rules-of-the-lock'],
  ['react native', '/docs/works-with#does-not-work-with'],
  ['date', '/docs/state#allowed-values-what-can-be-in-state'],
  ['scale', '/docs/scaling'],
  ['stripe', '/docs/recipes/payment-webhook'],
  ['wizard', '/docs/recipes/multi-step-form'],
  ['useEffect runs twice', '/docs/troubleshooting#something-happens-twice'],
]

it.each(first)('%s leads to %s first', (query, href) => {
  expect(found(query)[0]).toBe(href)
})

it.each(wanted)('%s leads to %s', (query, href) => {
  expect(found(query).slice(0, 3)).toContain(href)
})

it('a decision is not among what is found, as it is not for users', () => {
  expect(all.filter(({ href }) => href.startsWith('/docs/adr/0'))).toEqual([])
})
