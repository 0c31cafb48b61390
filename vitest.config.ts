import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['lib/**/*.test.ts', 'lib/**/*.test.tsx', 'bench/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
})
