/** Bounds of the server that no option changes. No page loads them. Each has its unit and the reason for its value. */

/** Bounds of the process and of its store, which no option changes. */
export const processLimits = {
  /** Cookies of a request that are compared with those of its connection. Browsers keep about 180 for a site; an app has some. */
  comparedCookies: 50,
  /** Milliseconds in which cookies that responses set make the pages of a browser connect again once: a page loads many things at the same time. */
  cookiesSetMs: 1_000,
  /** Tokens that the app ended a short time ago, as for logouts: calls that still wait for them are refused. A minute of a busy site. */
  endedTokens: 10_000,
  /** Tabs a second that come back to the hub that follows one which closed. Welcoming one takes it under a millisecond. */
  returnsPerSecond: 500,
  /** Milliseconds before a state whose new shape could not be saved is saved again; each failure doubles it. */
  saveAgainMs: 1_000,
  /** Milliseconds between two such attempts at most: a page should not wait long for a disk that has room again. */
  saveAgainLongestMs: 30_000,
  /** Milliseconds before a durable task starts again that could not save because the store was unreachable. */
  storeRetryMs: 5_000,
  /** Milliseconds until a further subscription of a page that came back is loaded again, after its store could not be reached. */
  loadAgainMs: 2_000,
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
  /** Milliseconds after which an upgrade without an answer is closed. Next leaves unknown upgrades open. */
  upgradeAnswerMs: 10_000,
  /** Milliseconds that answers under way are given to end when a server closes in production. A page takes less; a stream may take forever. */
  drainMs: 2_000,
  /** Characters from which on a field is written as patches of it: less is written whole as fast as compared. */
  largeField: 512,
  /** Characters from which on a field in which only texts have changed is: a text that grows by some words is soon as long. */
  patchedText: 64,
  /** Changes of one token that wait for a save under way, and are saved together; who comes then waits for the lock. */
  maxBatchedChanges: 1_000,
  /** Patches of a field before it is written whole again, so that reading it does not take long. */
  patchesOfField: 1_000,
  /** Renewals in the time of a lease: two may be lost before a process trusts in nothing that it holds. */
  beatsPerLease: 6,
  /**
   * The part of a lease for which a process trusts in what it holds. One that has lost its connection, as all do that end,
   * counts as dead after that; one that is silent and connected may be frozen, and has the whole lease.
   */
  leaseTrustRatio: 0.5,
  /**
   * Milliseconds that a tab is given to come to any process, before a task that was taken over counts as alone; and after
   * which it is asked again whether a tab is at another process, since word of its end may be lost.
   */
  disconnectRecheckMs: 30_000,
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
  /** Milliseconds without an answer after which a connection to the store is opened again. A redis takes under one. */
  storeSilenceMs: 5_000,
  /** Milliseconds without the store before pages show it: a connection that is made again at once is no trouble. */
  storeTroubleMs: 1_000,
  /** Milliseconds before a connection to the store that failed is tried again; each failure doubles it. */
  storeAgainMs: 50,
  /** Milliseconds between two such attempts at most: it is the app's own server, and every page waits for it. */
  storeAgainLongestMs: 1_000,
  /** Tokens with tasks of dead processes that one takes over in one stretch, so that others get their share. */
  orphansAtOnce: 20,
  /** Tokens whose tasks are taken over at the same time: some may have to be waited for, as long as a lease. */
  inheritedAtOnce: 100,
  /** Milliseconds before a task is tried again at most, however often it failed. */
  retryLongestWaitMs: 300_000,
  /** Processes in a row that may end while a durable task runs that saves nothing; it may be what ends them. */
  maxLostProcesses: 10,
  /** Milliseconds between two reports of progress to other processes. Who looks at a page sees no more. */
  progressEveryMs: 250,
  /** Arguments of the saves that a redis is given in one go: it works on them while this process makes the next. */
  argumentsAtOnce: 80,
  /** Milliseconds from a save to the medium, at the store on disk. A power cut takes what was saved since; less would keep the disk busy. */
  checkpointMs: 1_000,
  /** Bytes of a page of the disk store. A small change writes two pages; with 4 KB it would cost half as much again, and write four times as much. */
  pageBytes: 1_024,
  /** Pages that the log of the disk store may have when all of it is in the file: 1 MB. It is cut off then. */
  logPages: 1_000,
  /** Pages of that log above which saves wait until the file has all of them and the log starts over: 64 MB. A disk slower than the saves needs the pause. */
  logPagesAtMost: 64_000,
  /** Milliseconds from the start of a process before it looks whether its disk store is damaged: it has to serve who comes back first. */
  checkAfterMs: 10_000,
  /** Milliseconds between two attempts while something else holds the file of the disk store. It is usually held for less. */
  busyAgainMs: 5,
  /** Milliseconds that an operation waits for that at most. A checkpoint of the whole log takes less; a shell left open takes forever. */
  busyMs: 5_000,
  /** Pages that the file of the disk store may leave unused before it is made smaller: 1 MB. */
  sparePages: 1_000,
  /** Pages that are given back in one go: under a megabyte, which takes a millisecond or two. */
  pagesAtOnce: 200,
  /** Milliseconds from one of these to the next. */
  shrinkPauseMs: 50,
  /** Tokens that a store looks at in one stretch, when it is asked which nobody uses: about a millisecond. */
  tokensAtOnce: 1_000,
  /** Milliseconds between two of these at most: a server that is replaced each hour is to drop what nobody needs, too. */
  sweepMs: 600_000,
  /** Times per `retainMs` that the hub tells its store which tokens are in use; a token is kept that much longer at most. */
  sweepsPerRetention: 8,
  /** Documents that the hub remembers to have been made for a tab. Those of the last seconds count. */
  maxRequestNonces: 10_000,
  /** Milliseconds for which attach mode tries to connect to the server that Next makes, to find it. */
  knockMs: 60_000,
  /** Milliseconds between two attempts, and for which the connection stays if it is made. */
  knockPauseMs: 250,
  /** Milliseconds for which `heldstate doctor` waits for an answer of a deployment. A person waits for it. */
  deploymentAnswerMs: 10_000,
  /** Characters that `heldstate doctor` wants a secret to have: 128 bits, were it written in hexadecimal. */
  secretLength: 32,
  /** Characters that a secret must have in production. Anyone who guesses it can speak for any tab. */
  leastSecretLength: 16,
  /** Foreign origins that the log names, once each. A sender of more is an attacker and would fill it. */
  namedOrigins: 100,
  /** Milliseconds between two lines in the log about the same trouble of connections. */
  troublePauseMs: 60_000,
  /** Characters from which on a message goes out in parts of this length. On a slow line a ping has to wait for one of them at most. */
  partLength: 32_768,
  /** Bytes that the network has not taken. Above it, they count towards the bound of all pages together. */
  unreadCounted: 16_384,
  /** The part of the heap limit that all pages together may leave unread. Above it, the pages blocked longest are cut off. */
  unreadOfHeap: 0.125,
  /** Ended calls of a page that does not read. Above it, its next calls wait. */
  unreadEnds: 100,
  /** Milliseconds between two welcomes that a page asks for; each doubles it. A page asks only after a patch that does not fit, which is a bug. */
  resyncPauseMs: 250,
  /** Milliseconds between two of these welcomes at most. After twice that without one, the pause is short again. */
  resyncLongestMs: 30_000,
  /** Milliseconds between two renewals of the ping timeout of a connection that is not read. Under Engine.IO's 20 s. */
  pausedRefreshMs: 5_000,
  /** Milliseconds by which the clock of another process may be ahead. A token with a later time gets the present one. */
  clockSkewMs: 86_400_000,
  /** Milliseconds that the server remembers what a closed page was sent. A lost connection or a reload takes less. */
  windowMs: 60_000,
  /** Milliseconds in which a page of an older protocol sends the calls that wait in it; it is then told to reload. */
  olderPageMs: 2_000,
  /** Requests and upgrades that wait for an app that is not ready yet; further ones get status 503. A page that reloads makes some dozens. */
  earlyRequests: 1_000,
  /** Tokens of which the hub remembers how large their copies are, so that a visitor who cannot pay for a copy does not make it read them. */
  originalSizes: 1_000,
  /** Milliseconds that the state of a duplicated tab stays at hand, in case it is duplicated again. */
  originalMs: 10_000,
  /** The part of the heap limit that remembered messages of all pages may take together. Above it, the oldest are forgotten. */
  windowsOfHeap: 0.0625,
  /** The part of the heap limit that states in memory may take together. Above it, states without a page and a task are unloaded early. */
  statesOfHeap: 0.25,
  /** The part of the heap limit that waiting calls of all pages may take together. Above it, no page with waiting calls is read. */
  inboxOfHeap: 0.0625,
  /** The part of the heap limit that the arguments of all starts may take together that wait for a run of their task. Above it, none waits. */
  waitingOfHeap: 0.0625,
  /** The part of the heap limit that messages may take together of which a part has arrived. Above it, the address with most of them is cut off. */
  unfinishedOfHeap: 0.125,
  /** Milliseconds between two looks at them, while anyone is connected. One at 10,000 connections takes about a millisecond. */
  unfinishedEveryMs: 1_000,
  /** Bytes that can be put into any state before its size is counted. */
  uncountedBytes: 65_536,
  /** A state that is nearly full is counted again each time this part of `stateBytes` was put in (1/64), not for each call. */
  countsOfFull: 64,
  /** Bytes that the state of a tab counts for on top of its values. */
  instanceBytes: 2_000,
  /** Addresses with a token bucket of their own, for each kind of bucket: about 1 MB. Further addresses share one bucket. */
  buckets: 10_000,
  /** Milliseconds after which the log names the holder of a lock that others wait for. No write takes as long. */
  lockHeldMs: 3_000,
} as const

/** Bounds at the edge of the server, which no option changes. Apart, so that no page loads them. */
export const edgeLimits = {
  /** Upgrades without an answer. Next answers its own at once; above this many, the oldest is closed. */
  unansweredUpgrades: 100,
  /** Milliseconds that the headers of a request to the custom server may take to arrive: a few round trips of a slow phone. */
  headersMs: 15_000,
  /** Milliseconds between two checks of the custom server for late requests. */
  lateRequestsMs: 5_000,
  /** The part of `connections` kept for known browsers, so that a flood of new browsers does not keep regular visitors out. */
  keptPlaces: 0.1,
  /** Kept places that one browser can take: enough for its tabs, and one cookie cannot take all of them. */
  keptPlacesPerBrowser: 20,
  /** Milliseconds after which a browser with a signed cookie counts as known. A flood that starts now has no such cookie. */
  knownBrowserMs: 60_000,
  /** Cookies of our name in one request that are looked at. Another host of the site can set some over http; a browser sends one of ours. */
  browserCookies: 8,
  /** Milliseconds after which the cookie of a browser is set again, so that it does not end with the year for who comes every day. */
  cookieAgainMs: 2_592_000_000,
  /** Milliseconds that the peer has to close a websocket that the server closes; then its socket is destroyed. */
  socketCloseMs: 2_000,
  /** Milliseconds that a polling page has to move to a websocket; longer than the engine allows itself. */
  upgradeMs: 12_000,
  /** Seconds after which a page is asked to try again when the hub is full. */
  fullRetrySeconds: 5,
  /** Characters of an address from `addressOf` that is no IP address. */
  addressText: 100,
} as const

/** Bounds of calls, tasks and what they send, which no option changes. */
export const handlerLimits = {
  /** Containers of the author's own that are looked through again at each `yield`, since he may write to what he has put in. */
  givenParts: 1_000,
  /** Milliseconds that steps which wait for nothing may follow one another. Then the event loop turns, so a click waits a moment. */
  stretchMs: 2,
  /** Steps that code takes in a row when it goes on after it gave way, within that time: several tasks that change state all the time take turns. */
  stepsInRow: 32,
  /** Milliseconds in a turn of the event loop that one of the pages above their rate runs calls. */
  sliceMs: 2,
  /** Milliseconds that pages above their rate make room after a page within its rate sent something. */
  quietMs: 250,
  /** How much longer than a page above its rate held the thread none of them has a turn: after a time within `stretchMs`, and after a longer one. */
  restOfShort: 1,
  restOfLong: 4,
  /** Milliseconds in a turn of the event loop that tabs are sent what they have not seen. The rest of them are in the next turn. */
  flushMs: 5,
  /** Sending may take this share of the time. Where it takes more, frames are longer, so that the work between has its time. */
  sendingShare: 1 / 3,
  /** Milliseconds of the longest frame. */
  longestFrameMs: 250,
  /** Bytes of messages that count as one call for the rate of a page: 0.2 MB a second, and 1 MB at once. */
  bytesOfCall: 1_024,
  /** Calls of a page above its rate between two looks at the clock. */
  callsPerLook: 8,
  /** Triggers that follow from one another on one stack; each takes some dozens of calls, and a stack holds about ten thousand. */
  stepsInside: 50,
  /** Milliseconds that a function of yours may hold the thread before the log names it: every visitor notices that. */
  threadHeldMs: 1_000,
  /** Names of functions that the watchdog can tell apart, and bytes of each name: 128 KB. Later functions share one name. */
  watchedNames: 1_000,
  watchedNameBytes: 128,
  /** Functions that the log names where it is not certain which one held the thread. */
  suspects: 5,
  /** Milliseconds between two signs of life of the thread. A worker looks for them. */
  heartbeatMs: 500,
  /** Milliseconds without a sign of life after which the worker names the function that runs: it may never return. */
  threadStuckMs: 5_000,
  /** The part of `tasksPerProcess` open to tabs and browsers with many tasks. The rest is for those with few. */
  tasksForMany: 0.9,
  /** Running tasks of a browser, or of a token without one, from which on it counts as one with many. */
  tasksOfFew: 10,
  /** Keys of one object in the arguments of a call: beyond, each look at it takes milliseconds. A list or a Map of as many is quick. */
  argumentKeys: 10_000,
  /** Characters of the name of a state, an event or a task. Apps use some dozens; a page can send any. */
  nameText: 200,
  /** Code that changes a state again and again may wait for this share of its time until its page is sent what it has changed. */
  hurryShare: 1 / 8,
  /** Characters of all remembered failures of a page. Each save writes them; older ones keep their code and a few words. */
  rememberedText: 10_000,
  /** Characters of those few words. */
  rememberedWords: 80,
  /** Bytes of what one call replies. An id or a search result fits; what all are to see belongs in state. */
  replyBytes: 16_384,
  /** Bytes of replies that a page has not heard. Each save writes them, so its further calls wait until it has heard some. */
  unheardReplies: 65_536,
  /** Bytes of the replies that are remembered of a page: those, and what calls reply that had begun by then. Older ones are forgotten. */
  rememberedReplies: 131_072,
  /** Runs of one token whose ends are remembered, for a page that was away at the end of its run. Each is read when the token is loaded. */
  rememberedRuns: 50,
  /** Bytes of what those runs replied. Above it, older ends are forgotten, but for the last result of each task. */
  rememberedResults: 65_536,
  /** Waits of one page for the end of the same run: several parts of a page may ask. Each is answered with the whole result. */
  waitsOfRun: 16,
} as const

/** Bounds of the server's log, which no option changes. */
export const logLimits = {
  /** Characters of a line of the log: an address and some sentences. */
  logText: 2_000,
  /** Milliseconds in which the same line of the log is counted and not written again. */
  logPauseMs: 60_000,
  /** Lines of one kind, with different words each, that the log writes in that time. A fault of the app says the same each time. */
  logLinesOfKind: 10,
  /** Kinds of lines that the log tells apart in that time. Further kinds share one. */
  logKinds: 1_000,
  /** Characters by which the log tells lines apart: a few megabytes at most with the bounds above. */
  logKey: 200,
  /** Causes that the log writes of one error. */
  logCauses: 5,
} as const
