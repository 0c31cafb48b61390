import type { Metadata } from 'next'
import { HoverLink } from '../../hover-link'
import { repository } from '../../site'
import { Article } from '../article'
import { Contents, ContentsButton } from '../contents'
import { contents, descriptionOf, html } from '../markdown'
import { names, neighbours, source, titleOf } from '../pages'
import { markdownHref } from '../plain'

interface Props {
  readonly params: Promise<{ readonly slug?: readonly string[] }>
}

export const dynamicParams = false

export const generateStaticParams = () => names().map((name) => ({ slug: name === 'README' ? [] : name.split('/') }))

const nameOf = async ({ params }: Props) => (await params).slug?.join('/') ?? 'README'

export async function generateMetadata(props: Props): Promise<Metadata> {
  const name = await nameOf(props)
  return { title: titleOf(name), description: descriptionOf(source(name)) }
}

export default async function DocsPage(props: Props) {
  const name = await nameOf(props)
  const text = source(name)
  const { before, after } = neighbours(name)
  return (
    <>
      <article id="content" tabIndex={-1}>
        <ContentsButton key={name} headings={contents(text)} />
        <Article html={await html(name, text)} />
        <p className="as-markdown">
          <a href={markdownHref(name)}>This page as Markdown</a>
          {repository && <a href={`${repository}/edit/main/docs/${name}.md`}>Edit this page</a>}
        </p>
        <nav className="neighbours" aria-label="Before and after">
          {before && (
            <HoverLink href={before.href} rel="prev">
              ← {before.title}
            </HoverLink>
          )}
          {after && (
            <HoverLink href={after.href} rel="next">
              {after.title} →
            </HoverLink>
          )}
        </nav>
      </article>
      <Contents key={name} headings={contents(text)} />
    </>
  )
}
