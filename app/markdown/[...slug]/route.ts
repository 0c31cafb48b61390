/** The Markdown of a page. `next.config.mjs` leads `/docs/state.md` here. */
import { names } from '../../docs/pages'
import { markdownOf } from '../../docs/plain'

export const dynamic = 'force-static'
export const dynamicParams = false

export const generateStaticParams = () => names().map((name) => ({ slug: name.split('/') }))

export async function GET(_: Request, { params }: { params: Promise<{ readonly slug: readonly string[] }> }) {
  const text = markdownOf((await params).slug.join('/'))
  return new Response(text, { headers: { 'content-type': 'text/markdown; charset=utf-8' } })
}
