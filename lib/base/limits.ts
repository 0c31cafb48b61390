/**
 * The bounds of heldstate, each with its unit and the reason for its value. A bound is reached with a named failure, never with silence. They are in
 * three files:
 * - `limits.ts`, which pages load: bounds that an option of the hub changes, and those of a page and of the texts of failures;
 * - `crowd-limits.ts`, which only the server loads: bounds of what no page does, and of what many visitors share, which no option changes;
 * - `server-limits.ts`, which only the server loads: all other bounds of the process, its edge, its calls and tasks and its log.
 *
 * Values are written out, since a bundler keeps an unused object with a sum in it. `npx vitest run docs/limits -u` writes the tables of `docs/limits.md`
 * from the comments.
 */

/** Bounds that a page keeps as well: a server that has others says so in its hi. */
export const pageBounds = {
  /** Bytes of one message from a tab. A form or a paragraph fits; an upload belongs in a route handler. */
  messageBytes: 1_000_000,
  /** Arguments of one call. Handlers take a few; more is a mistake or an attack. */
  callArguments: 32,
  /** Calls of one tab that wait or run. A person makes a few; a script that pipelines more gets a failure and takes no memory. */
  callsPerTab: 1_000,
  /** Calls that a page keeps while it is not connected. Enough for a tunnel; an afternoon must not be replayed. */
  callsWhileOffline: 100,
  /** States that one page can watch. An app has a few dozen. */
  watchedStates: 1_000,
} as const

/** Bounds of the server alone. */
const hubBounds = {
  /** Bytes of the state of one tab, about as many as in JSON. A page of text is 3 KB; larger data belongs in a database. */
  stateBytes: 10_000_000,
  /** Bytes of the store on the disk. Four fifths full, it takes no new tabs; those that it has go on. A disk must not fill unseen. */
  storeBytes: 10_000_000_000,
  /** Calls a second of one page. A page above it is put last: others are served first, and nothing is refused. A person makes a few. */
  callsPerSecond: 200,
  /** Calls that a page can make at once before it counts as above that rate: a page that comes back resends what has not settled. */
  callsBurst: 1_000,
  /** Bytes that the network has not taken. Above it, a page is sent nothing more until it has read; then it gets one difference. */
  unreadBytes: 65_536,
  /** Milliseconds without any byte taken, after which a blocked page counts as gone and is cut off. A part takes under a second on 2G. */
  unreadMs: 15_000,
  /** Bytes of calls of one connection that wait or run. Above half of it, the connection is not read until some have ended. */
  inboxBytes: 4_000_000,
  /** Messages to a page that the server remembers. A page that comes back and has missed no more gets the difference, else the whole state. */
  rememberedMessages: 32,
  /** Failed calls of a page whose outcome the server remembers, in case the page sends one again. It can have missed only the newest. */
  rememberedEnds: 100,
  /** Bytes of messages to a page that the server remembers. A page that has missed more gets the whole state. */
  rememberedBytes: 262_144,
  /** Pages of one token whose calls the server remembers: the present one and those before the last reloads. */
  rememberedPages: 4,
  /** Callers that wait for the lock of one token. A thousand tasks that want it at once are served; a leak is not. */
  lockWaiters: 10_000,
  /** Milliseconds that a caller waits for the lock. After that long, the code that holds it hangs, and the failure names it. */
  lockWaitMs: 60_000,
  /**
   * Milliseconds that an event may take from its start or its last `yield`, and a function of `update` or `modifyState` from its
   * start. The lock is held all that time. A slow service has answered by then, and a person has given up.
   */
  eventTimeoutMs: 30_000,
  /**
   * Running tasks of one token. A page that starts one for each item of a list or each upload has some dozens; each is a promise,
   * a signal and a few closures, about 10 KB, and is written with each save of its token where tasks are saved.
   */
  tasksPerToken: 200,
  /** Running tasks of the tabs of one browser: several tabs at their bound. A new cookie costs nothing, so this stops slips, not attacks. */
  tasksPerBrowser: 500,
  /** Running tasks of the process: about 100 MB. Durable tasks that it takes over wait for a place and are never refused. */
  tasksPerProcess: 10_000,
  /** Starts of one token that wait for a run of the same task. A person can look over some dozens; longer lists belong in a database. */
  tasksWaiting: 100,
  /** Bytes of the arguments of those starts. They are names and settings; files and rows belong in a database. */
  tasksWaitingBytes: 1_000_000,
  /** Milliseconds that `cancel()` waits for the task to end. A cancelled task can write nothing more in any case. */
  cancelGraceMs: 2_000,
  /**
   * Milliseconds between two messages to one tab that settle no call: one frame of a 60 Hz screen, since nobody sees more.
   * Where a busy process needs more than a third of its time to send, frames are longer, up to 250 ms. The first change after a
   * pause and the answer to a call never wait for it.
   */
  frameMs: 16,
  /**
   * Connections of one process, including those that have no session yet or are closing. At about 50 KB each, this is half a
   * gigabyte.
   */
  connections: 10_000,
  /**
   * Handshakes a second of one address (an IPv4 address or an IPv6 /64). After a deploy, an office behind one address comes back
   * within seconds; where its proxy strips websockets, each page asks twice.
   */
  handshakesPerSecond: 50,
  /** Handshakes of one address at once: 300 tabs of an office that come back at the same moment, some of them twice. */
  handshakeBurst: 500,
  /** Milliseconds that a new connection has for its hello. A page sends it at once; a slow phone needs a few round trips. */
  helloMs: 10_000,
  /** Milliseconds that the whole body of a polling page's request may take to arrive: 1 MB at 0.4 Mbit/s. */
  bodyMs: 20_000,
  /** Packets in one request of a polling page. A page packs its calls into one; calls made singly are bounded by `callsPerTab`. */
  packetsPerPost: 2_000,
  /** Milliseconds that the store keeps the state of a tab after its last page and task: a day, so that a laptop may sleep. */
  retainMs: 86_400_000,
  /**
   * Milliseconds after the last page and task of a tab until its state leaves the memory; it is loaded again from the store when the
   * page comes back. Most reloads and lost connections take seconds.
   */
  unloadMs: 120_000,
  /** New tabs a second of one address (an IPv4 address or an IPv6 /64). Pages that come back are free. A person opens one a second. */
  newTabsPerSecond: 20,
  /** New tabs of one address at once: an office behind one address, or a browser that restores its windows. */
  newTabsBurst: 200,
  /** Milliseconds that `close()` waits for events and blocks to end. Later changes are not saved. */
  shutdownTimeoutMs: 10_000,
} as const

/** What `createHub({ limits })` overrides. */
export const defaultLimits = /* @__PURE__ */ Object.assign({}, pageBounds, hubBounds)

/** Bounds of a page, which no option changes. Those of the server stand in `server-limits.ts`, which no page loads. */
export const pageLimits = {
  /** Digits of a bigint in a message: reading them takes the square of their number. 10,000 take a tenth of a millisecond. */
  bigintDigits: 10_000,
  /** Milliseconds that a page waits at most before its next attempt, whatever a server or a proxy asks for. */
  retryAfterLongestMs: 60_000,
  /** Milliseconds that the first connection may take to open. Then the console says that no heldstate server answers. */
  unansweredMs: 6_000,
  /** Milliseconds before a page first reconnects; each failure doubles it. */
  retryFirstMs: 300,
  /** Milliseconds between two attempts to reconnect at most: a person should not wait long for a server that is back. */
  retryLongestMs: 5_000,
  /** Milliseconds without a message, after a page has sent something, in which it takes the connection for a good one. Then it asks. */
  lineSilenceMs: 1_000,
  /** The same at most, while a call takes long and each question is answered. */
  lineSilenceLongestMs: 15_000,
  /** Milliseconds that a page waits for the answer to its question whether the connection still leads anywhere. */
  lineAnswerMs: 2_000,
  /** Milliseconds after a call was sent in which the end of the connection makes it suspect: something on the way may not let it pass. */
  suspectMs: 5_000,
  /** Subscriptions of a page at once. On the server, each takes about a kilobyte on top of what it watches. */
  subscriptions: 16,
  /** Pages before it in a tab whose calls a page sends on: as many as the server remembers along with it. */
  formerPages: 3,
  /** Characters that a page keeps of calls that have not settled, for the page after it. Browsers have room for five million in a tab. */
  keptCharacters: 500_000,
  /** Milliseconds in which calls that are made while the page is not connected are kept, together. */
  keepCallsMs: 50,
  /** Milliseconds after which a page asks again for a state that the server had no room to be asked for. */
  watchAgainMs: 1_000,
  /** After so many messages, the page says what it has heard. */
  heardEvery: 64,
  /** After so many replies, it says so as well: four of the largest are as many as the server remembers. */
  heardReplies: 4,
  /** Characters of a reply after which it says so at once: until then, the server writes the reply with each save. */
  longReply: 1_000,
  /** Times that a connection may end over a call that was sent alone. Then the page gives the call up; it would go on for ever. */
  suspectEnds: 3,
  /** Milliseconds that a page adds at most to its first attempt when a closing server asks it to spread. */
  spreadMs: 20_000,
  /** Milliseconds that a reload may take to let go of its token's lock; only a duplicated tab ever waits that long. */
  claimMs: 1_000,
  /** Seconds for which a page that ends names its tab to the document that comes next. It asks at once. */
  nextDocumentSeconds: 5,
  /** Milliseconds after which a page that did not end after all takes that back: it was a download. */
  stillHereMs: 1_000,
} as const

/** Bounds of what a failure says, which a page cuts as well. */
export const textLimits = {
  /** Characters of a failure's message and of a task's note: some sentences. They are saved, sent and shown again. */
  messageText: 500,
  /** Issues of refused arguments that the caller gets. A form has fewer fields; a list of thousands can have one issue each. */
  issues: 20,
  /** Characters of the message of an issue: a few sentences. */
  issueText: 300,
  /** Keys of the path of an issue, and characters of a key. A form is not deeper, and the sender chooses the keys of a record. */
  issueKeys: 10,
  issueKeyText: 100,
} as const

export type Limits = { readonly [K in keyof typeof defaultLimits]: number }
