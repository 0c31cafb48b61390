/** The module that takes the place of a state module outside of the hub: its definitions as stubs, and nothing else. */
import type { StubParts, StubsParts } from './evaluate.js'

export function stubText(stubs: StubsParts): string {
  const lines = Object.entries(stubs).map(([name, parts]) => {
    const call = `stub(${argumentsOf(parts)})`
    return name === 'default' ? `export default ${call}` : `export const ${name} = ${call}`
  })
  const names = lines.some((line) => line.includes('predictions({')) ? 'predictions, stub' : 'stub'
  return [`import { ${names} } from 'heldstate/stub'`, ...lines, ''].join('\n')
}

function argumentsOf({ manifest, predict }: StubParts): string {
  const functions = Object.entries(predict).map(([event, text]) => `${JSON.stringify(event)}: ${text}`)
  const first = JSON.stringify(manifest)
  return functions.length > 0 ? `${first}, predictions({ ${functions.join(', ')} })` : first
}
