import { expect, it } from 'vitest'
import { withHeldState } from './config.js'

it('adds its rules beside those of the user, for a glob that has one or several', () => {
  const mine = { loaders: ['mine'] }
  const one = withHeldState({ turbopack: { rules: { '*.state.ts': mine } } })
  const several = withHeldState({ turbopack: { rules: { '*.state.ts': [mine, mine] } } })
  expect(one.turbopack?.rules?.['*.state.ts']).toHaveLength(2)
  expect(several.turbopack?.rules?.['*.state.ts']).toHaveLength(3)
  expect(one.turbopack?.rules?.['heldstate-modules.js']).toBeDefined()
})

it('wraps a function that gives a config', async () => {
  const config = await withHeldState(async () => ({ basePath: '/shop', trailingSlash: true }))('phase', {
    defaultConfig: {},
  })
  expect(config.basePath).toBe('/shop')
  expect(process.env.HELDSTATE_ROUTE).toBe('/shop/api/heldstate/')
})

it('calls the webpack function of the user', () => {
  const rules: unknown[] = []
  const config = withHeldState({ webpack: (given) => ({ ...given, seen: true }) })
  const result = config.webpack?.({ module: { rules } } as never, {} as never)
  expect(result).toMatchObject({ seen: true })
  expect(rules).toHaveLength(2)
})

it('leaves logging off where the user has it off', () => {
  expect(withHeldState({ logging: false }).logging).toBe(false)
  expect(withHeldState({}).logging).toMatchObject({ incomingRequests: { ignore: [/\/api\/heldstate/] } })
})
