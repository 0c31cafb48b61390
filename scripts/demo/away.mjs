/** What a browser that asks for a page sees while no process of the demo serves: a sentence, and the page itself soon. */

const pageOf = (title, text) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="1">
<title>Back in a moment</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem; padding: 0 1rem }</style>
<h1>${title}</h1>
<p>${text} This page opens by itself in a second.</p>
`

const answerWith = (page) =>
  [
    'HTTP/1.1 503 Service Unavailable',
    'Content-Type: text/html; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(page)}`,
    'Cache-Control: no-store',
    'Retry-After: 1',
    'Connection: close',
    '',
    page,
  ].join('\r\n')

const starting = answerWith(pageOf('The server is starting', 'The demo was started a moment ago.'))
const killed = answerWith(pageOf('The server was killed', 'It is being started again, with all that was on it.'))
let hasServed = false

/** Sockets that wait for a process: pages that connect again, which then are live as soon as there is one. */
const waiting = new Set()

/** Answers a request for a page; the socket of a page that is open waits until `serveWaiting`. */
export function whileAway(socket, again) {
  socket.setTimeout(10_000, () => socket.destroy())
  socket.once('data', (request) => {
    if (!request.toString('latin1', 0, 16).startsWith('GET /_heldstate/'))
      return socket.end(hasServed ? killed : starting)
    socket.pause()
    socket.unshift(request)
    const one = () => {
      socket.setTimeout(0)
      again()
    }
    waiting.add(one)
    socket.once('close', () => waiting.delete(one))
  })
}

/** A process serves again. */
export function serveWaiting() {
  hasServed = true
  const all = [...waiting]
  waiting.clear()
  for (const one of all) one()
}
