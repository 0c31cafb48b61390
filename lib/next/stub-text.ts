/** The module that takes the place of a state module outside of the hub: its definitions as stubs, and nothing else. */
import type { Manifests } from './evaluate.js'

export function stubText(manifests: Manifests): string {
  const lines = Object.entries(manifests).map(([name, manifest]) => {
    const call = `stub(${JSON.stringify(manifest)})`
    return name === 'default' ? `export default ${call}` : `export const ${name} = ${call}`
  })
  return [`import { stub } from 'heldstate/stub'`, ...lines, ''].join('\n')
}
