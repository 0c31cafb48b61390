import { withHeldState } from 'heldstate/next'

/** As create-next-app has it. */
export default withHeldState(
  {
    cacheComponents: true,
    partialPrefetching: true,
    basePath: process.env.FIXTURE_BASE_PATH ?? '',
    ...(process.env.FIXTURE_REWRITES && {
      rewrites: async () => [
        { source: '/shop', destination: `${process.env.FIXTURE_REWRITES}/shop` },
        { source: '/shop/:path+', destination: `${process.env.FIXTURE_REWRITES}/shop/:path+` },
      ],
    }),
  },
  process.env.FIXTURE_ZONE ? { zone: process.env.FIXTURE_ZONE } : {},
)
