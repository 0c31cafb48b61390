import { withHeldState } from 'heldstate/next'

export default withHeldState({
  reactStrictMode: true,
  reactCompiler: true,
  productionBrowserSourceMaps: true, // so that the test for leaks sees them too
  rewrites: async () => [
    { source: '/docs.md', destination: '/markdown/README' },
    { source: '/docs/:page*.md', destination: '/markdown/:page*' },
  ],
  distDir: process.env.HELDSTATE_DIST_DIR ?? '.next',
})
