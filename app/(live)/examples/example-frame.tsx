import { HeldStateProvider } from 'heldstate/provider'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { Copy } from './copy'
import css from './example.module.css'
import type { RunningRecipe } from './examples'
import { fileOf } from './highlight'
import { Running } from './running'

interface Props {
  readonly example: RunningRecipe
  readonly lead: ReactNode
  /** What to try with it. */
  readonly tries: ReactNode
  readonly children: ReactNode
}

/** The page of a recipe: the recipe running, what to try with it, and the files that run. */
export function ExampleFrame({ example: { name, title, recipe, files }, lead, tries, children }: Props) {
  return (
    <HeldStateProvider>
      <div className="intro">
        <p className={css.back}>
          <Link href="/examples">Examples</Link>
        </p>
        <h1>{title}</h1>
        <p>{lead}</p>
      </div>
      <div className={css.top}>
        <Running label={name}>{children}</Running>
        {tries}
      </div>
      <section aria-labelledby="files">
        <h2 id="files">The files that run above</h2>
        <p>
          They are explained in the recipe{' '}
          <Link href={`/docs/recipes/${recipe}`} prefetch={false}>
            {name}
          </Link>
          , and tested as they stand there.
        </p>
        {files.map((file) => (
          <File key={file} name={file} />
        ))}
      </section>
    </HeldStateProvider>
  )
}

async function File({ name }: { name: string }) {
  const { code, html } = await fileOf(name)
  return (
    <figure className={css.file}>
      <figcaption>
        <span>{name}</span>
        <Copy name={name} text={code} />
      </figcaption>
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </figure>
  )
}
