import { withHeldState } from 'heldstate/next'

export default withHeldState({
  reactStrictMode: true,
  reactCompiler: true,
  distDir: process.env.HELDSTATE_DIST_DIR ?? '.next',
})
