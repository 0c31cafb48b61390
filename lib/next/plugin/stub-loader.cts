/** The loader of state modules: gives their stub. */
import type { LoaderContext } from './loaders.js' with { 'resolution-mode': 'import' }

interface Context extends LoaderContext {
  async(): (error: unknown, code?: string) => void
}

module.exports = function load(this: Context, source: string): void {
  const done = this.async()
  import('./loaders.js').then((loaders) => loaders.loadStub(this, source)).then((code) => done(null, code), done)
}
