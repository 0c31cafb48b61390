import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Link from 'next/link'
import { demos } from '../demos'
import { Example } from './example'

/** The example is shown from the files that run it, so it cannot say something else than it does. */
async function source(file: string) {
  return (await readFile(join(process.cwd(), 'app/(live)', file), 'utf8')).trimEnd()
}

export default async function Home() {
  return (
    <>
      <div className="intro">
        <h1>State on the server. Work that outlives the page.</h1>
        <p className="lead">
          Like <code>useState</code>, but on the server: each browser tab of your Next.js app has a state of its own.
          Events and background tasks change it, one at a time. Every change reaches your components as a small patch.
        </p>
        <p>
          A click takes effect once, over reloads, lost connections and <code>kill -9</code>. A task may run for minutes
          while the page stays interactive; a durable one goes on after a crash, and any can be cancelled.
        </p>
        <pre className="install">
          <code>{'npm install heldstate\nnpx heldstate init\nnpm run dev'}</code>
        </pre>
      </div>

      <section aria-labelledby="two-files">
        <h2 id="two-files">Two files</h2>
        <p>One state module, which runs on the server only, and one component.</p>
        <div className="files">
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

      <section aria-labelledby="demos">
        <h2 id="demos">Demos</h2>
        <ul className="demos">
          {demos.map(({ href, title, text }) => (
            <li key={href} className="card">
              <Link href={href}>{title}</Link>
              <p>{text}</p>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Code({ file, text }: { file: string; text: string }) {
  return (
    <figure className="code">
      <figcaption>{file}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  )
}
