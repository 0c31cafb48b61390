/** What to say of a config that makes files instead of a server. */
export const staticExport = (config: string) =>
  `${config} has output: 'export', which builds static files without a server, so state has nowhere to live. ` +
  'Remove output and run "heldstate start", or use output: "standalone" with the attach line in instrumentation.ts.'
