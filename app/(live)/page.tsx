import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HeldStateProvider } from 'heldstate/provider'
import { HoverLink } from '../hover-link'
import { Example } from './example'
import { example } from './example.state'
import { Copy } from './examples/copy'
import { highlighted } from './examples/highlight'
import { Hero } from './hero'
import styles from './home.module.css'
import { promises } from './promises'
import { torture } from './torture/torture.state'

const install = 'npm install heldstate\nnpx heldstate init\nnpm run dev'

/** The example is shown from the files that run it, so it cannot say something else than it does. */
async function source(file: string) {
  return (await readFile(join(process.cwd(), 'app/(live)', file), 'utf8')).trimEnd()
}

export default async function Home() {
  return (
    <HeldStateProvider states={[torture, example]}>
      <div className={styles.top}>
        <div className={`intro ${styles.pitch}`}>
          <h1>State on the server. Work that outlives the page.</h1>
          <p className="lead">
            Like <code>useState</code>, but on the server: each browser tab of your Next.js app has a state of its own.
            Events and background tasks change it, one at a time. Every change reaches your components as a small patch.
          </p>
        </div>
        <Hero />
        <div className={`intro ${styles.more}`}>
          <p>
            For an import that takes minutes, an answer that streams, a form of many steps. A click takes effect once,
            across reloads, lost connections and <code className={styles.whole}>kill -9</code>. The page stays
            interactive while a task runs, and a <code>durable</code> task goes on after a crash.
          </p>
          <p className="aside">
            It needs a process that stays up, such as a container, and not serverless functions. A state belongs to one
            tab: what people share stays in your database.
          </p>
          <Block name="the three lines" text={install} />
          <p className={styles.actions}>
            <HoverLink href="/torture">Try to break it</HoverLink>
            <HoverLink href="/docs">Read the docs</HoverLink>
          </p>
        </div>
      </div>

      <section aria-labelledby="two-files">
        <h2 id="two-files">Two files</h2>
        <p>
          One state module, which runs on the server only, and one component. <code>init</code> sets up the rest once: a
          line in the config of Next, a route, and the scripts.
        </p>
        <div className={styles.files}>
          <Code file="app/example.state.ts" text={await source('example.state.ts')} />
          <Code file="app/example.tsx" text={await source('example.tsx')} />
        </div>
        <div className="card example">
          <p className="kicker">The same two files, running</p>
          <div className="row">
            <Example />
          </div>
        </div>
      </section>

      <section aria-labelledby="replaces">
        <h2 id="replaces">What the two files replace</h2>
        <p>
          A queue and its worker, a socket server, a route that is polled, a store for progress, and the flags that say
          what is loading. The state module is the type, the API and the subscription.
        </p>
        <p>
          <HoverLink href="/docs/compare">
            Compared with Socket.IO and a queue, server actions, LiveView, Convex and others
          </HoverLink>
        </p>
      </section>

      <section aria-labelledby="promises">
        <h2 id="promises">Promises, and the tests that hold them</h2>
        <ul className={styles.cards}>
          {promises.map(({ title, text, tests }) => (
            <li key={title} className="card">
              <h3>{title}</h3>
              <p>{text}</p>
              <p className="aside">
                tested by{' '}
                {tests.map((test, index) => (
                  <span key={test}>
                    {index > 0 && ', '}
                    <code>{test}</code>
                  </span>
                ))}
              </p>
            </li>
          ))}
        </ul>
      </section>

      <section aria-labelledby="measured">
        <h2 id="measured">Measured</h2>
        <dl className={styles.figures}>
          <div>
            <dt>44 bytes</dt>
            <dd>
              a step of a counter, as a page receives it. <code>npm run bench</code>
            </dd>
          </div>
          <div>
            <dt>61 bytes</dt>
            <dd>
              a changed row of 10,000. <code>npm run bench</code>
            </dd>
          </div>
          <div>
            <dt>1.5 ×</dt>
            <dd>
              as long as a bare Socket.IO echo takes, with lock, save and patch. <code>npm run bench</code>
            </dd>
          </div>
          <div>
            <dt>0 lost, 0 twice</dt>
            <dd>
              of all calls, over 200 kills of the server. <code>npm run chaos</code>
            </dd>
          </div>
        </dl>
        <p>
          <HoverLink href="/docs/measured">All figures, and the targets that were missed</HoverLink>
        </p>
      </section>

      <section aria-labelledby="not-for">
        <h2 id="not-for">What it is not for</h2>
        <ul>
          <li>Serverless functions: it needs a process that stays.</li>
          <li>State that many people share: each tab has its own. Rooms are planned.</li>
          <li>Data that you query: keep it in your database, and what a visitor is doing with it here.</li>
          <li>Redis Cluster: a single Redis works.</li>
        </ul>
      </section>

      <section aria-labelledby="start">
        <h2 id="start">Start</h2>
        <p>You need Next.js 16.2 or newer with the App Router, React 19, and Node 20.9 or newer. MIT license.</p>
        <Block name="the lines for a new app" text={`npx create-next-app@latest my-app --yes\ncd my-app\n${install}`} />
        <p>
          <HoverLink href="/docs/get-started">Get started</HoverLink>
        </p>
      </section>
    </HeldStateProvider>
  )
}

function Block({ name, text }: { name: string; text: string }) {
  return (
    <div className={styles.actions}>
      <pre className="install">
        <code>{text}</code>
      </pre>
      <Copy name={name} text={text} />
    </div>
  )
}

async function Code({ file, text }: { file: string; text: string }) {
  return (
    <figure className={styles.code}>
      <figcaption>
        <span>{file}</span>
        <Copy name={file} text={text} />
      </figcaption>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: made from a file of this repository */}
      <div dangerouslySetInnerHTML={{ __html: await highlighted(text) }} />
    </figure>
  )
}
