/** What the search of the docs looks through: each section of each page, but for the decisions, which are for people who work on heldstate. */
import type { Entry } from './find'
import { sections } from './markdown'
import { hrefOf, names, source, titleOf } from './pages'

export function entries(): Entry[] {
  return names()
    .filter((name) => !name.startsWith('adr/0'))
    .flatMap((name) =>
      sections(source(name)).map(({ heading, anchor, text }) => ({
        page: titleOf(name),
        heading,
        href: hrefOf(name) + (anchor ? `#${anchor}` : ''),
        text,
      })),
    )
}
