import { withHeldState } from 'heldstate/next'

export default withHeldState({
  reactStrictMode: true,
  poweredByHeader: false,
  reactCompiler: true,
  productionBrowserSourceMaps: true, // so that the test for leaks sees them too
  rewrites: async () => ({
    beforeFiles: [],
    afterFiles: [
      { source: '/docs.md', destination: '/markdown/README' },
      { source: '/docs/:page*.md', destination: '/markdown/:page*' },
    ],
    fallback: [{ source: '/docs/:page*', destination: '/docs/not-here' }], // a 404 with the menu of the docs around it
  }),
  distDir: process.env.HELDSTATE_DIST_DIR ?? '.next',
})
