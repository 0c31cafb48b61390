/** `heldstate/vite`: for vite.config, and Storybook on Vite. */
export { heldState, type VitePlugin } from '../next/plugin/vite.js'
