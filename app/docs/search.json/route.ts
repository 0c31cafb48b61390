/** What the search of the docs looks through, built once. */
import type { Entry } from '../find'
import { sections } from '../markdown'
import { hrefOf, names, source, titleOf } from '../pages'

export const dynamic = 'force-static'

export function GET() {
  const entries: Entry[] = names().flatMap((name) =>
    sections(source(name)).map(({ heading, anchor, text }) => ({
      page: titleOf(name),
      heading,
      href: hrefOf(name) + (anchor ? `#${anchor}` : ''),
      text,
    })),
  )
  return Response.json(entries)
}
