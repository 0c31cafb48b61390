import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** The examples of the docs import `heldstate` by name, and are run on its source. */
const door = (name: string) => fileURLToPath(new URL(`lib/doors/${name}.ts`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^heldstate$/, replacement: door('authors') },
      { find: /^heldstate\/next\/route$/, replacement: door('route') },
      { find: /^heldstate\/(react|ai|faults|server|next|provider|testing)$/, replacement: door('$1') },
    ],
  },
  test: {
    include: [
      'lib/**/*.test.ts',
      'lib/**/*.test.tsx',
      'bench/**/*.test.ts',
      'chaos/*.test.ts',
      'docs/*.test.ts',
      'app/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000, // milliseconds: a busy machine takes long over what computes
    maxWorkers: 3, // for two cores: many tests wait
  },
})
