/** The loader of `heldstate-modules`: gives the imports of all state modules. */
import type { LoaderContext } from './loaders.js' with { 'resolution-mode': 'import' }

interface Context extends LoaderContext {
  async(): (error: unknown, code?: string) => void
}

module.exports = function load(this: Context): void {
  const done = this.async()
  import('./loaders.js').then((loaders) => loaders.loadModules(this)).then((code) => done(null, code), done)
}
