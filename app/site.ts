/** What all pages say of the site: its address, the version that it shows, and its four parts. */
import library from '../lib/package.json' with { type: 'json' }

/** Where the site is served, for links that other sites follow: canonical addresses, the sitemap, pictures. Read while the app is built. */
export const siteUrl = new URL(process.env.SITE_URL ?? 'http://localhost:3000')

export const version: string = library.version

/** The public repository, once the package names one. */
export const repository = addressOf((library as { readonly repository?: string | { readonly url: string } }).repository)

export const parts = [
  { href: '/torture', title: 'Break it' },
  { href: '/examples', title: 'Examples' },
  { href: '/docs', title: 'Docs' },
  { href: '/docs/how-it-works', title: 'How it works' },
] as const

/** The address of a page for people, from what npm allows in `repository`: `git+https://host/a/b.git` or `{ url }`. */
export function addressOf(given: string | { readonly url: string } | undefined): string | undefined {
  const url = typeof given === 'string' ? given : given?.url
  return url?.replace(/^git\+/, '').replace(/\.git$/, '')
}
