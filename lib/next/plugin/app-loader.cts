/** The loader of `heldstate-app`: names the app. */
import type { LoaderContext } from './loaders.js' with { 'resolution-mode': 'import' }

interface Context extends LoaderContext {
  async(): (error: unknown, code?: string) => void
}

module.exports = function load(this: Context): void {
  const done = this.async()
  import('./loaders.js').then((loaders) => loaders.loadApp(this)).then((code) => done(null, code), done)
}
