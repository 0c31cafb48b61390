/** Packages of a workspace next to the app: state modules in them are the app's only if its config names them. */
import { findStateFiles, sourceOf } from '../next/plugin/state-files.js'
import { broken, type Finding } from './finding.js'
import { dependenciesOf, type Project } from './project.js'

/** `named` are those in transpilePackages. */
export function packageFindings({ dir, manifest }: Project, named: readonly string[]): readonly Finding[] {
  const own = new Set(findStateFiles(dir, named).files)
  const others = Object.keys(dependenciesOf(manifest)).filter((name) => name !== 'heldstate' && !named.includes(name))
  return others.flatMap((name) => {
    const [file] = findStateFiles(dir, [name]).files.filter((found) => !own.has(found))
    if (file === undefined) return []
    return [
      broken(
        `${sourceOf(dir, file)} is a state module in the package ${name}, which next.config does not list, so the server does ` +
          `not load it. Add it: transpilePackages: [${[...named, name].map((one) => `'${one}'`).join(', ')}]`,
      ),
    ]
  })
}
