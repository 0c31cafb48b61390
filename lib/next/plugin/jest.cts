/**
 * `heldstate/jest`: for jest.config. Jest runs CommonJS, and the doors are ES modules; the package has a twin of each, in which a page is asked for
 * no server.
 */
import path = require('node:path')

const twins = path.join(__dirname, '../../jest')

/** `nextJest({ dir: './' })({ testEnvironment: 'jsdom', moduleNameMapper })` */
const moduleNameMapper: Record<string, string> = {
  '^heldstate$': path.join(twins, 'authors.cjs'),
  '^heldstate/(react|ai|server|provider|testing)$': path.join(twins, '$1.cjs'),
}

export = { moduleNameMapper }
