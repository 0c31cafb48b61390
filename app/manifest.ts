import type { MetadataRoute } from 'next'

export const dynamic = 'force-static'

export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'heldstate: state on the server for Next.js',
    short_name: 'heldstate',
    start_url: '/',
    display: 'browser',
    background_color: '#f6f5f1',
    theme_color: '#0f6a5f',
    icons: [{ src: '/icon.svg', type: 'image/svg+xml', sizes: 'any' }],
  }
}
