/** What a browser that asks for a page sees while no process of the demo serves: a sentence, and the page itself soon. */

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="1">
<title>Back in a moment</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem; padding: 0 1rem }</style>
<h1>The server was killed</h1>
<p>It is being started again, with all that was on it. This page opens by itself in a second.</p>
`
const answer = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: text/html; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(page)}`,
  'Cache-Control: no-store',
  'Retry-After: 1',
  'Connection: close',
  '',
  page,
].join('\r\n')

/** Answers the request that arrives on a socket. */
export function awayPage(socket) {
  socket.setTimeout(2_000, () => socket.destroy())
  socket.once('data', () => socket.end(answer))
}
