import type { MetadataRoute } from 'next'
import { paths } from './paths'
import { siteUrl } from './site'

export const dynamic = 'force-static'

export default function sitemap(): MetadataRoute.Sitemap {
  return paths().map((path) => ({ url: new URL(path, siteUrl).href }))
}
