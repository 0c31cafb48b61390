import type { Metadata } from 'next'
import Link from 'next/link'
import { Article } from '../article'
import { html } from '../markdown'
import { names, neighbours, source, titleOf } from '../pages'
import { markdownHref } from '../plain'

interface Props {
  readonly params: Promise<{ readonly slug?: readonly string[] }>
}

export const dynamicParams = false

export const generateStaticParams = () => names().map((name) => ({ slug: name === 'README' ? [] : name.split('/') }))

const nameOf = async ({ params }: Props) => (await params).slug?.join('/') ?? 'README'

export async function generateMetadata(props: Props): Promise<Metadata> {
  return { title: titleOf(await nameOf(props)) }
}

export default async function DocsPage(props: Props) {
  const name = await nameOf(props)
  const { before, after } = neighbours(name)
  return (
    <>
      <Article html={await html(name, source(name))} />
      <p className="as-markdown">
        <a href={markdownHref(name)}>This page as Markdown</a>
      </p>
      <nav className="neighbours" aria-label="Before and after">
        {before && (
          <Link href={before.href} rel="prev">
            ← {before.title}
          </Link>
        )}
        {after && (
          <Link href={after.href} rel="next">
            {after.title} →
          </Link>
        )}
      </nav>
    </>
  )
}
