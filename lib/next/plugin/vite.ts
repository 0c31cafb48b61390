/** Components with a state under Vite, as Storybook shows them: a state module becomes its stub, and no server is asked. */
import { evaluateStateModule } from './evaluate.js'
import { hiddenExports } from './hidden-exports.js'
import { isStateFile } from './state-files.js'
import { stubText } from './stub-text.js'

/** A plugin of Vite; its own types would need the package. */
export interface VitePlugin {
  readonly name: string
  readonly enforce: 'pre'
  config(): { optimizeDeps: { include: string[] } }
  transform(
    this: { addWatchFile(file: string): void; warn(message: string): void },
    code: string,
    id: string,
  ): { code: string; map: null } | undefined
}

/** `plugins: [react(), heldState()]`. There is no hub under Vite: pages show first values, and calls wait. */
export function heldState(): VitePlugin {
  return {
    name: 'heldstate',
    enforce: 'pre',
    config: () => ({
      optimizeDeps: {
        include: ['heldstate/react', 'heldstate/ai', 'heldstate/faults', 'heldstate/stub', 'heldstate/unconnected'],
      },
    }),
    transform(code, id) {
      const [file = ''] = id.split('?', 1)
      if (!isStateFile(file) || /[\\/]node_modules[\\/]/.test(file)) return undefined
      const parts = evaluateStateModule(file, code, (loaded) => this.addWatchFile(loaded))
      if (parts.hidden.length > 0) this.warn(hiddenExports(file, parts.hidden))
      return { code: `import 'heldstate/unconnected'\n${stubText(parts)}`, map: null }
    },
  }
}
