import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Link from 'next/link'
import { demos } from './demos'
import { Example } from './example'

/** The example is shown from the files that run it, so it cannot say something else than it does. */
async function source(file: string) {
  return (await readFile(join(process.cwd(), 'app', file), 'utf8')).trimEnd()
}

export default async function Home() {
  return (
    <>
      <div className="intro">
        <h1>State held on the server, held under a lock</h1>
        <p className="lead">
          heldstate keeps the state of a page in the Next.js server, one instance for each browser tab. Events and long
          background tasks change it, one at a time, under a lock. Every change reaches the tab as a small patch, and a
          component reads it through one hook.
        </p>
        <p>
          A task may run for minutes: it takes the lock only for the moments in which it writes, so the page answers
          meanwhile. It outlives a reload and a dropped connection, and it can be cancelled.
        </p>
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
