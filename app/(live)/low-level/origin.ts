/**
 * Where this server reaches itself. The state module runs in the server process, where a relative address means nothing,
 * and no request tells it the host that a browser used. The process listens on the port it was given, so it asks there.
 */
export const ownOrigin = () => `http://localhost:${process.env.PORT ?? 3000}`
