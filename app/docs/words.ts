/** What people type, and what these pages call it. */
const others: Readonly<Record<string, string>> = {
  'account accounts': 'user',
  'ajax axios fetch': 'heldFetch',
  'alternative alternatives comparison versus vs': 'compare',
  'atomic mutex race transaction transactions': 'rules of the lock',
  'auth authenticate authorize signin sign-in signup': 'login, authentication, permissions',
  'auth0 authjs clerk lucia next-auth nextauth workos': 'better-auth, session',
  'background-job backgroundjob job jobs worker workers': 'task, background tasks',
  'backup backups restore': 'back it up',
  'benchmark benchmarks fast performance speed': 'measured',
  'big huge': 'large, big',
  'bigint class classes date dates instance map set': 'allowed values',
  'billing checkout paypal stripe': 'payment',
  'breaking changelog': 'upgrade heldstate, breaking changes',
  'caddy haproxy nginx traefik': 'behind a proxy',
  'capacity many': 'how many tabs',
  'chatgpt claude anthropic gemini gpt openai': 'LLM, model',
  'clear empty': 'reset it',
  'collaborate collaboration collaborative': 'share, broadcast',
  'concurrency concurrent': 'one run at a time',
  'content-security-policy': 'csp',
  'crash crashed': 'restart, survives',
  'cypress e2e': 'playwright',
  deadlock: 'nested-lock',
  'default initial': 'first values, first value',
  'delay delayed later settimeout': 'schedule, sleep',
  'delete erase gdpr privacy remove wipe': 'GDPR, forgetBrowser, erase',
  derived: 'computed',
  'digitalocean hetzner heroku pm2 systemd vm vps': 'any node server, virtual machine',
  'disappear disappeared disappears gone lost persist persisted persistence persistent': 'gone after a reload, kept',
  'dotenv env': 'environment variables',
  'double strictmode twice': 'something happens twice',
  'expo flutter ios android': 'react native',
  'faq help problem problems': 'troubleshooting',
  'firebase firestore mongo mongodb mysql planetscale postgresql supabase': 'your database',
  'freeze freezes frozen hang hanging slow stuck': 'hangs, slow',
  global: 'for everybody, share',
  'handle handling': 'in a component',
  'health healthcheck liveness': 'readiness, health check',
  'helm k3s k8s': 'kubernetes',
  'infinite-scroll paginate paginated pagination paging scroll virtual virtualized': 'paged',
  'interval setinterval scheduled scheduler periodic periodically': 'schedule, cron',
  'joi valibot validate validation yup zod': 'schema, arguments',
  'localhost tunnel ngrok': 'allowedDevOrigins',
  'localstorage sessionstorage': 'gone after a reload, zustand',
  'memory ram': 'heap, memory',
  'message messages': 'protocol',
  'migrate migrating migrations': 'migration',
  'mobile phone': 'phone, browsers',
  'mock mocking mocks': 'mock',
  'multi multiple': 'several, many',
  'not why broken': 'troubleshooting',
  'notification notifications notify toast push': 'notifies, broadcast',
  'quickstart setup tutorial': 'get started, set it up',
  'redeploy redeploys redeployed rollout': 'shutdown, deploying',
  're-render re-rendering re-renders rerender rerendering rerenders': 'selectors, re-renders, page is not updating',
  'refresh refreshing reloading': 'reload',
  'reset resets resetting': 'reset it, gone after a reload',
  'retries retry retrying': 'when it fails, retries',
  'safari chrome firefox edge-browser': 'browsers',
  scale: 'scaling',
  'shared sharing sync synchronize synced': 'share',
  'sql orm': 'your database',
  'sign-out signout': 'logout',
  'sse eventsource': 'long polling',
  'stepper wizard': 'multi-step',
  'test tests unit-test': 'testing',
  'ts typings typed': 'typescript',
  'undo redo history': 'undo, rollback',
  usechat: 'ai sdk',
  'usestate usereducer': 'gone after a reload, page is not updating',
  'ws wss socket sockets': 'websocket',
}

const table: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(others).flatMap(([typed, here]) =>
    typed.split(' ').map((word) => [word, here.toLowerCase().split(', ')]),
  ),
)

/** Words of a question that say nothing about what is looked for. */
const small = new Set(
  'a an and are at be can could do does for from has have how i if in is it its me my of on or our should that the this to was we what when where which will with you your'.split(
    ' ',
  ),
)

const edges = /^[\s"'“”‘’`?!.,:;()[\]{}<>]+|[\s"'“”‘’`?!.,:;()[\]{}<>]+$/g

/** A form of a word that is looked for, and how much it counts: 1 as it was typed. */
export interface Form {
  readonly text: string
  readonly counts: number
}

/** The words of a query, each in its forms. */
export function wordsOf(query: string): readonly (readonly Form[])[] {
  const all = query
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.replaceAll(edges, ''))
    .filter(Boolean)
  const telling = all.filter((word) => !small.has(word))
  return [...new Set(telling.length > 0 ? telling : all)].map(formsOf)
}

/** A word, what is left of it without its ending (`logging` finds `log`, `migrate` finds `migration`), and what it is called here. */
function formsOf(word: string): readonly Form[] {
  const stem = word
    .replace(/(?:ing|ed|ations?|s)$/, '')
    .replace(/([bdgmnprt])\1$/, '$1')
    .replace(/(?<=.{5})e$/, '')
  const isStem = stem.length >= 3 && stem !== word && word.length >= 5
  return [
    { text: word, counts: 1 },
    ...(isStem ? [{ text: stem, counts: 0.9 }] : []),
    ...(table.get(word) ?? []).map((text) => ({ text, counts: 0.8 })),
  ]
}
