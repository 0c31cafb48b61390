/**
 * esbuild's client. The package holds a copy of it, and this file leads there (scripts/package/package.mjs): esbuild's own package runs a script when it is
 * installed, which package managers ask about or refuse.
 */
export { type BuildFailure, type BuildOptions, buildSync, type TransformOptions, transformSync } from 'esbuild'
