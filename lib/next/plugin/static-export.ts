/** What to say of a config that makes files in place of a server. */
export const staticExport = (config: string) =>
  `${config} has output: 'export', which makes files and no server, so nothing could hold state. Leave output out and run "heldstate start", or use ` +
  "output: 'standalone' with the line of attach mode."
