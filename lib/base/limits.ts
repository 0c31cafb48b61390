/**
 * Every bound of heldstate, with its unit and why it has this value. A bound is reached with a named failure, never with
 * silence. `createHub({ limits })` overrides single ones.
 */

export const defaultLimits = {
  /** Bytes of one message from a tab. A form or a paragraph fits; an upload belongs into a route handler. */
  messageBytes: 1_000_000,
  /** Arguments of one call. Handlers take a few; more is a mistake or an attack. */
  callArguments: 32,
  /** Calls of one tab that wait or run. A person makes a few; a script that pipelines gets a failure, not our memory. */
  callsPerTab: 1_000,
  /** Calls that a tab keeps while it is not connected. Enough for a tunnel, too few to replay an afternoon. */
  callsWhileOffline: 100,
  /** Bytes of the state of one tab, about as it would be in JSON. A page of text is 3 KB; larger data belongs in a database. */
  stateBytes: 10_000_000,
  /** Calls a second of one page above which it is put last: others are served first. A person makes a few. Nothing is refused. */
  callsPerSecond: 200,
  /** Calls at once before that: a page that comes back sends again what has not settled. */
  callsBurst: 1_000,
  /** Bytes of calls of one connection that wait or run. From half of it on, nothing further is read until some have ended. */
  inboxBytes: 4_000_000,
  /** Messages to a page after which it can be given the difference, should it come back. Older ones get all. */
  rememberedMessages: 32,
  /** Failed calls of a page that are remembered, should one be sent again. Only of the newest a tab can have not heard. */
  rememberedEnds: 100,
  /** Bytes of messages to a page that it can be given the difference to. A page that missed more is sent its states whole. */
  rememberedBytes: 256 * 1024,
  /** Pages of one token whose calls are remembered: this one, and those before as many reloads. */
  rememberedPages: 4,
  /** Waiters for the lock of one token. A thousand tasks that all want it at once are served; a leak is not. */
  lockWaiters: 10_000,
  /** Milliseconds a waiter waits for the lock. Longer means that a handler hangs, and the message says so. */
  lockWaitMs: 60_000,
  /**
   * Milliseconds that an event may take from its start or its last `yield`, and a function of `update` or `modifyState` from its
   * start: the lock is held all that time. A slow service has answered by then, and a person has given up.
   */
  eventTimeoutMs: 30_000,
  /**
   * Running tasks of one token. A page that starts one for each item of a list or each upload has some dozens; each is a promise,
   * a signal and a few closures, about 10 KB, and is written with each save of its token where tasks are saved.
   */
  tasksPerToken: 200,
  /** Running tasks of the tabs of one browser: some tabs that do all they can. A cookie is free, so this stops slips, not attacks. */
  tasksPerBrowser: 500,
  /** Running tasks of the process, about 100 MB of them. Durable ones that it takes over wait for a place and are never refused. */
  tasksPerProcess: 10_000,
  /** Milliseconds that `cancel()` waits for a task that does not end; it cannot write any more in any case. */
  cancelGraceMs: 2_000,
  /**
   * Milliseconds between two messages to one tab that settle no call: one frame of a 60 Hz screen, since nobody sees more.
   * The first change after a pause and the answer to a call never wait for it.
   */
  frameMs: 16,
  /** States that one tab can watch. */
  watchedStates: 1_000,
  /**
   * Connections of one hub, those included that have no session yet or are being closed. A connection costs about 50 KB, so this is
   * half a gigabyte.
   */
  connections: 10_000,
  /**
   * Handshakes a second of one address, an IPv4 address or an IPv6 /64. An office behind one address comes back after a deploy
   * within seconds; where its proxy takes websockets away, each page asks twice.
   */
  handshakesPerSecond: 50,
  /** Handshakes of one address at once: 300 tabs of an office that come back in the same moment, and some of them twice. */
  handshakeBurst: 500,
  /** Milliseconds that a new connection has to send its hello. A page sends it at once; a slow phone needs a few round trips. */
  helloMs: 10_000,
  /** Milliseconds that the body of a request of a page may take to arrive, all of it: 1 MB at 0.4 Mbit/s. */
  bodyMs: 20_000,
  /** Packets in one request of a page that polls. A page packs its calls into one; those it made singly are bounded by `callsPerTab`. */
  packetsPerPost: 2_000,
  /** Milliseconds that an instance without a connection and without a task is kept: a day, so that a laptop may sleep. */
  keepMs: 24 * 60 * 60 * 1000,
  /**
   * Milliseconds after the last page and task of a tab until its state leaves the memory: what the store keeps is loaded again when the
   * page comes back. Most reloads and blips take seconds.
   */
  unloadMs: 2 * 60 * 1000,
  /** New tabs a second of one address (an IPv4 address, or a /64 of IPv6). Pages that come back are free. A person opens one a second. */
  newTabsPerSecond: 20,
  /** New tabs at once of one address: an office behind one address, or a browser that restores its windows. */
  newTabsBurst: 200,
  /** Milliseconds that `close()` waits for events and blocks to end. What has not ended by then is not saved. */
  closeMs: 10_000,
} as const

/** Bounds of a page, which no option changes. It loads these and none of the others below. */
export const pageLimits = {
  /** Digits of a bigint in a message: reading them takes the square of their number. 10,000 take a tenth of a millisecond. */
  bigintDigits: 10_000,
  /** Milliseconds that a page lets a server put off its next attempt at most, whatever the server or a proxy asks for. */
  retryAfterLongestMs: 60_000,
  /** Milliseconds before a lost connection is made again for the first time; each failure doubles it. */
  retryFirstMs: 300,
  /** Milliseconds between two attempts at most: who looks at the page should not wait long for a server that is back. */
  retryLongestMs: 5_000,
  /** Milliseconds for an answer over a connection that stands although the browser says that the network has gone. */
  lineAnswerMs: 2_000,
  /** Milliseconds that a tab waits on top of its first retry at most, whatever a hub that closes asks for. */
  spreadMs: 20_000,
  /** Milliseconds that a reload may take to let go of its token's lock; only a duplicated tab ever waits that long. */
  claimMs: 1_000,
  /** Seconds for which a page that ends names its tab to the document that comes next. It asks at once. */
  nextDocumentSeconds: 5,
  /** Milliseconds after which a page that did not end after all takes that back: it was a download. */
  stillHereMs: 1_000,
} as const

/** Bounds of the custom server, which no option changes. */
const processLimits = {
  /** Tabs a second that come back to the hub that follows one which closed. Welcoming one takes it under a millisecond. */
  returnsPerSecond: 500,
  /** Milliseconds before the first values of a state that could not be saved are tried again; each failure doubles it. */
  saveAgainMs: 1_000,
  /** Milliseconds between two of these at most: a page should not wait long for a disk that has room again. */
  saveAgainLongestMs: 30_000,
  /** Milliseconds after which a durable task is begun again that could not be saved, since the store was away. */
  awayAgainMs: 5_000,
  /** Milliseconds for which an answer of the route that loads the state modules counts as new; a burst of events asks once. */
  definitionsFreshMs: 300,
  /** Milliseconds for which calls wait for an edit to be compiled. Longer, and the page seems dead; shorter, and old code runs. */
  editMs: 5_000,
  /** Milliseconds that a bundler is given to notice a state module that came or went. It takes far less, or forever. */
  newModuleMs: 3_000,
  /** Milliseconds between two looks at the disk for such modules. */
  newModulePauseMs: 50,
  /** Milliseconds to wait for the route: Next may have to compile the whole app first. */
  routeAnswerMs: 120_000,
  /** Milliseconds after which an upgrade that nobody has answered is ended. Next leaves open what it does not know. */
  upgradeAnswerMs: 10_000,
  /** Milliseconds that answers under way are given to end when a server closes in production. A page takes less; a stream may take forever. */
  drainMs: 2_000,
  /** Characters from which on a field is written as patches of it: less is written whole as fast as compared. */
  largeField: 512,
  /** Changes of one token that wait for a save under way, and are saved together; who comes then waits for the lock. */
  changesAtOnce: 1_000,
  /** Patches of a field before it is written whole again, so that reading it does not take long. */
  patchesOfField: 1_000,
  /** Renewals in the time of a lease: two may be lost before a process trusts in nothing that it holds. */
  beatsPerLease: 6,
  /**
   * The part of a lease for which a process trusts in what it holds. One that has lost its connection, as all do that end,
   * counts as dead after that; one that is silent and connected may be frozen, and has the whole lease.
   */
  trustOfLease: 0.5,
  /**
   * Milliseconds that a tab is given to come to any process, before a task that was taken over counts as alone; and after
   * which it is asked again whether a tab is at another process, since word of its end may be lost.
   */
  returnMs: 30_000,
  /** Renewals after which a node asks whether it was told of all changes. Messages are lost with a connection, which is noticed. */
  beatsPerRepair: 10,
  /** Milliseconds on top of a lease before it is taken to have ended: messages take their time. */
  leaseSlackMs: 20,
  /** Milliseconds for which a process that starts tries to reach its store: containers start in any order. */
  storeOpenMs: 5_000,
  /**
   * Milliseconds that an operation waits for a store that is out of reach. A redis that is restarted or fails over is back by
   * then; a person who waits for a page would have reloaded it.
   */
  storeWaitMs: 30_000,
  /** Milliseconds between two questions whether the store answers still. */
  storePingMs: 2_000,
  /** Milliseconds without an answer after which a connection to the store is made anew. A redis takes under one. */
  storeSilenceMs: 5_000,
  /** Milliseconds without the store before anybody is told: a connection that is made again at once is no trouble. */
  storeTroubleMs: 1_000,
  /** Milliseconds before a connection to the store that failed is tried again; each failure doubles it. */
  storeAgainMs: 50,
  /** Milliseconds between two of these at most: it is our own server, and everybody waits for it. */
  storeAgainLongestMs: 1_000,
  /** Tokens with tasks of dead processes that one takes over in one stretch, so that others get their share. */
  orphansAtOnce: 20,
  /** Tokens whose tasks are taken over at the same time: some may have to be waited for, as long as a lease. */
  inheritedAtOnce: 100,
  /** Milliseconds before a task is tried again at most, however often it failed. */
  retryLongestWaitMs: 300_000,
  /** Processes in a row that may end while a durable task runs that saves nothing; it may be what ends them. */
  lostProcesses: 10,
  /** Milliseconds between two reports of progress to other processes. Who looks at a page sees no more. */
  progressEveryMs: 250,
  /** Arguments of the saves that a redis is given in one go: it works on them while this process makes the next. */
  argumentsAtOnce: 80,
  /** Tokens that a store looks at in one stretch, when it is asked which nobody uses: about a millisecond. */
  tokensAtOnce: 1_000,
  /** Times per `keepMs` that the hub tells its store which tokens are in use; a token is kept that much longer at most. */
  sweepsPerKeep: 8,
  /** Documents that the hub remembers to have been made for a tab. Those of the last seconds count. */
  usedMarks: 10_000,
  /** Milliseconds for which `heldstate doctor` waits for an answer of a deployment. A person waits for it. */
  deploymentAnswerMs: 10_000,
  /** Characters that `heldstate doctor` wants a secret to have: 128 bits, were it written in hexadecimal. */
  secretLength: 32,
  /** Characters that a secret must have in production. Whoever guesses it can speak for any tab. */
  leastSecretLength: 16,
  /** Origins of other sites that are named in the log, once each. Who sends more is attacking, and would fill it. */
  namedOrigins: 100,
  /** Milliseconds between two lines in the log about the same trouble of connections. */
  troublePauseMs: 60_000,
  /** Characters from which on a message goes out in parts of this length. On a slow line a ping has to wait for one of them at most. */
  partLength: 32_768,
  /** Bytes that the network has not taken, from which on a page is sent nothing further until it has: it then gets one difference. */
  unreadBytes: 65_536,
  /** Bytes that the network has not taken, from which on they count for all pages together. */
  unreadCounted: 16_384,
  /** Milliseconds in which a page takes nothing of what it was sent, and is taken to have gone. A part takes under a second on 2G. */
  unreadMs: 15_000,
  /** The part of the heap's limit that all pages together may leave unread. Beyond it, those that have waited longest are cut off. */
  unreadOfHeap: 1 / 8,
  /** Calls of a page that have ended and that it cannot be told of yet, since it does not read: the next ones wait. */
  unreadEnds: 100,
  /** Milliseconds between two welcomes that a page asks for. One asks after a patch that does not fit, which is a bug. */
  resyncPauseMs: 250,
  /** Milliseconds after which a connection from which nothing is read is taken to live still, again and again. Under Engine.IO's 20 s. */
  pausedRefreshMs: 5_000,
  /** Milliseconds by which the clock of another process may be ahead. */
  clockSkewMs: 24 * 60 * 60 * 1000,
  /** Milliseconds for which is kept what a page was sent that has closed. A blip or a reload takes less. */
  windowMs: 60_000,
  /** Milliseconds for which the state of a tab that was duplicated is kept at hand, should it be again. */
  originalMs: 10_000,
  /** The part of the heap's limit that all such windows may take together. Beyond it, the oldest go. */
  windowsOfHeap: 1 / 16,
  /** The part of the heap's limit that states in memory may take together. Beyond it, those go that no page and no task needs. */
  statesOfHeap: 1 / 4,
  /** The part of the heap's limit that waiting calls of all pages may take together. Beyond it, no page is read that has calls waiting. */
  inboxOfHeap: 1 / 16,
  /** Bytes that are put into any state before its size is counted. */
  uncountedBytes: 65_536,
  /** Into a state that is nearly full, this part of its bound is put before it is counted again: no call has to count each time. */
  countsOfFull: 64,
  /** Bytes that an instance counts for beside its state. */
  instanceBytes: 2_000,
  /** Addresses with a token bucket of their own, for each kind of bucket: about 1 MB. Later ones share one bucket. */
  buckets: 10_000,
  /** Milliseconds after which a lock that is waited for counts as held too long in development. No write takes as long. */
  lockHeldMs: 3_000,
} as const

/** Both of these. */
export const fixedLimits = /* @__PURE__ */ Object.assign({}, pageLimits, processLimits)

/** Bounds at the edge of the server, which no option changes. Apart, so that no page loads them. */
export const edgeLimits = {
  /** Upgrades that nobody has answered yet. Next answers its own at once; beyond this many, the oldest ends. */
  unansweredUpgrades: 100,
  /** Milliseconds that the headers of a request to the custom server may take to arrive: a few round trips of a slow phone. */
  headersMs: 15_000,
  /** Milliseconds between two looks of the custom server for requests that are late. */
  lateRequestsMs: 5_000,
  /** The part of `connections` kept for known browsers, so that a flood of new ones does not keep regular visitors out. */
  keptPlaces: 0.1,
  /** Kept places that one browser can take: its tabs, and not all the places with one cookie. */
  keptPlacesPerBrowser: 20,
  /** Milliseconds after which a browser with a signed cookie counts as known. A flood that begins now has no such cookie. */
  knownBrowserMs: 60_000,
  /** Milliseconds that a peer has to close a websocket which the server closes, before its socket is destroyed. */
  socketCloseMs: 2_000,
  /** Milliseconds that a page which polls has to move to a websocket; longer than the engine allows itself. */
  upgradeMs: 12_000,
  /** Seconds after which a page is asked to try again when the hub is full. */
  fullRetrySeconds: 5,
  /** Characters of an address that `addressOf` gives which is no IP address. */
  addressText: 100,
} as const

/** Bounds of what the server alone does, which no option changes: none of them is part of a page. */
export const serverLimits = {
  /** Milliseconds for which steps that wait for nothing follow one another: others are served between two frames of a screen. */
  stretchMs: 5,
  /** Milliseconds that one of several pages above their rate runs calls for before the next of them does. */
  sliceMs: 1,
  /** Bytes of messages that count for the rate of a page as much as a call: 1 MB a second, and 4 MB at once. */
  bytesOfCall: 4_096,
  /** Calls of such a page between two looks at the clock. */
  callsPerLook: 8,
  /** Triggers that follow from one another on one stack; each takes some dozens of calls, and a stack holds about ten thousand. */
  stepsInside: 50,
  /** Milliseconds for which code of the author's may hold the thread before the log names it: everybody notices that. */
  threadHeldMs: 1_000,
  /** Names of functions that are told apart while the thread stands still, and bytes of each: 128 KB. Later ones share one. */
  watchedNames: 1_000,
  watchedNameBytes: 128,
  /** Functions that are named where it is not sure which one held the thread. */
  suspects: 5,
  /** Milliseconds between two signs of life of the thread, which another one looks for. */
  heartbeatMs: 500,
  /** Milliseconds without a sign of life after which it is said which function runs: it may never return to say so itself. */
  threadStuckMs: 5_000,
  /** The part of `tasksPerProcess` that tabs and browsers with many of them can use: one that starts its first finds a place. */
  tasksForMany: 0.9,
  /** Running tasks of a browser, or of a token without one, from which on it has many. */
  tasksOfFew: 10,
  /** Characters of what a failure says, and of the note of a task: some sentences. A page sends, shows and is sent them again. */
  messageText: 500,
  /** Characters of the name of a state, an event or a task. Those of apps have some dozens; a page can send any. */
  nameText: 200,
  /** Characters of all failures that are remembered of a page. Each save writes them; what is older keeps its code and a few words. */
  rememberedText: 10_000,
  /** Characters of those few words. */
  rememberedWords: 80,
  /** Characters of a line of the log: an address and some sentences. */
  logText: 2_000,
  /** Milliseconds for which a line of the log is not written again, but counted. */
  logPauseMs: 60_000,
  /** Lines of one kind that are written in that time, in other words each. A fault of the app says the same each time. */
  logLinesOfKind: 10,
  /** Kinds of lines that are told apart in that time. Who makes more shares one. */
  logKinds: 1_000,
  /** Characters by which lines are told apart: with the bounds above, a few megabytes at most. */
  logKey: 200,
  /** Errors that are written as the cause of one another. */
  logCauses: 5,
  /** Issues of refused arguments that their caller is told of. A form has fewer fields; a list of thousands has one issue each. */
  issues: 20,
  /** Characters of the message of an issue: a few sentences. */
  issueText: 300,
  /** Keys of the path of an issue, and characters of a key. A form is not deeper, and the sender chooses the keys of a record. */
  issueKeys: 10,
  issueKeyText: 100,
} as const

export type Limits = { readonly [K in keyof typeof defaultLimits]: number }
