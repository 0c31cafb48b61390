/** What the door for components costs a page: bundled and minified as an app would, without React, which the app has. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build, type OutputFile } from 'esbuild'

export interface Size {
  /** `page`: what is loaded with the page; `socket`: what is loaded behind it, when it connects. */
  readonly part: 'page' | 'socket'
  /** Bytes. */
  readonly minified: number
  readonly gzip: number
  readonly brotli: number
}

/** What nearly every page has. */
const withoutForms = 'ConnectionStatus, HeldStateError, heldFetch, useConnection, useServerState'

const doors = dirname(fileURLToPath(import.meta.url))

/**
 * `stub` names what an app's stubs use of their door: `predictions` only where an event is optimistic. `react` names what a page takes of the
 * door for components, and `more` statements for others.
 */
export async function sizesOfPage(stub = 'stub', react = withoutForms, more = ''): Promise<readonly Size[]> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export { ${react} } from './react.ts'; export { ${stub} } from './stub.ts'; ${more}`,
      resolveDir: doors,
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir: join(doors, 'nowhere'),
    write: false,
    metafile: true,
    external: ['react', 'react/jsx-runtime'],
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'automatic',
    legalComments: 'none',
    absWorkingDir: doors,
  })
  const first = new Set<string>()
  const follow = (name: string): void => {
    if (first.has(name)) return
    first.add(name)
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === 'import-statement') follow(path)
  }
  for (const [name, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint === '<stdin>') follow(name)
  const isFirst = ({ path }: OutputFile) => [...first].some((name) => path === join(doors, name))
  return [
    measured('page', outputFiles.filter(isFirst)),
    measured(
      'socket',
      outputFiles.filter((file) => !isFirst(file)),
    ),
  ]
}

function measured(part: Size['part'], files: readonly OutputFile[]): Size {
  const sum = (size: (contents: Uint8Array) => number) =>
    files.reduce((total, { contents }) => total + size(contents), 0)
  return {
    part,
    minified: sum((contents) => contents.length),
    gzip: sum((contents) => gzipSync(contents).length),
    brotli: sum((contents) => brotliCompressSync(contents).length),
  }
}
