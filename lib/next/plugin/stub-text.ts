/** The module that takes the place of a state module outside of the hub: its definitions as stubs, and nothing else. */
import type { StubParts, StubsParts } from './evaluate.js'
import type { OtherState } from './other-states.js'

/** What it exports of other state modules, it exports of their stubs. */
export function stubText({ own, others, whole }: StubsParts): string {
  const lines = Object.entries(own).map(([name, parts]) => {
    const call = `stub(${argumentsOf(parts)})`
    return name === 'default' ? `export default ${call}` : `export const ${name} = ${call}`
  })
  const names = lines.some((line) => line.includes('predictions({')) ? 'predictions, stub' : 'stub'
  const imported = lines.length > 0 ? [`import { ${names} } from 'heldstate/stub'`] : []
  const again = [
    ...Object.entries(others).map(
      ([name, other]) => `export ${exported(name, other)} from ${JSON.stringify(other.from)}`,
    ),
    ...whole.map((from) => `export * from ${JSON.stringify(from)}`),
  ]
  return [...imported, ...lines, ...again, ...(lines.length + again.length > 0 ? [] : ['export {}']), ''].join('\n')
}

const exported = (name: string, other: OtherState) =>
  other.name === '*' ? `* as ${name}` : other.name === name ? `{ ${name} }` : `{ ${other.name} as ${name} }`

function argumentsOf({ manifest, predict }: StubParts): string {
  const functions = Object.entries(predict).map(([event, text]) => `${JSON.stringify(event)}: ${text}`)
  const first = JSON.stringify(manifest)
  return functions.length > 0 ? `${first}, predictions({ ${functions.join(', ')} })` : first
}
