import type { Metadata } from 'next'
import Link from 'next/link'
import { examples } from './examples'

export const metadata: Metadata = {
  title: 'Examples',
  description: 'Running examples of server-held state for Next.js, each with its files and with what to try.',
}

export default function Examples() {
  return (
    <>
      <div className="intro">
        <h1>Examples</h1>
        <p>Each one runs here. Reload it, take its network away, kill its server: what it has done stays done.</p>
      </div>
      <ul className="demos">
        {examples.map(({ href, title, text }) => (
          <li key={href} className="card">
            <Link href={href}>{title}</Link>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </>
  )
}
