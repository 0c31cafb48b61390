/** What people type, and what these pages call it. */
const others: Readonly<Record<string, string>> = {
  'ajax axios fetch': 'heldFetch',
  'alternative alternatives comparison versus vs': 'compare',
  'atomic concurrency concurrent mutex race transaction transactions': 'rules of the lock, one run at a time',
  'auth authenticate authorize signin sign-in signup': 'login, authentication, permissions',
  'auth0 authjs clerk lucia next-auth nextauth workos': 'better-auth, session',
  'background-job backgroundjob job jobs worker workers': 'task, background tasks',
  'benchmark benchmarks fast performance speed': 'measured',
  'chatgpt claude anthropic gemini gpt openai': 'LLM, model',
  'crash crashed': 'restart, survives',
  'cypress e2e': 'playwright',
  'default initial': 'first values, first value',
  'delete erase gdpr privacy remove wipe': 'GDPR, forgetBrowser, erase',
  'digitalocean hetzner heroku pm2 systemd vm vps': 'any node server, virtual machine',
  'disappear disappeared disappears gone lost persist persisted persistence persistent': 'gone after a reload, kept',
  'dotenv env': 'environment variables',
  'double twice duplicate duplicated': 'twice',
  'expo flutter ios android': 'react native',
  'faq help problem problems': 'troubleshooting',
  'firestore mongo mongodb mysql planetscale postgresql supabase': 'your database',
  'freeze freezes frozen hang hanging slow stuck': 'hangs, slow',
  'gitlab github': 'GitHub',
  global: 'for everybody, share',
  'handle handling': 'in a component',
  'health healthcheck liveness': 'readiness, health check',
  'helm k3s k8s': 'kubernetes',
  'infinite paginate paginated pagination paging virtual virtualized': 'paged',
  'interval setinterval scheduled scheduler periodic periodically': 'schedule, cron',
  'joi valibot validate validation yup zod': 'schema, arguments',
  'localstorage sessionstorage': 'gone after a reload, zustand',
  'backup backups restore': 'back it up',
  'big huge': 'large, big',
  'caddy haproxy nginx traefik': 'behind a proxy',
  'not why broken': 'troubleshooting',
  'localhost tunnel ngrok': 'allowedDevOrigins',
  'memory ram': 'heap, memory',
  'message messages': 'protocol',
  'migrate migrating migrations': 'migration',
  'mobile phone': 'phone, browsers',
  'multi multiple': 'several, many',
  'mock mocking mocks': 'mock',
  'notification notifications notify toast push': 'notifies, broadcast',
  'refresh refreshing reloading': 'reload',
  'reset resets resetting': 'reset it, gone after a reload',
  'retries retry retrying': 'when it fails, retries',
  'safari chrome firefox edge-browser': 'browsers',
  'shared sharing sync synchronize synced': 'share',
  'sql orm': 'your database',
  'test tests unit-test': 'testing',
  'ts typings typed': 'typescript',
  'undo redo history': 'undo, rollback',
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
