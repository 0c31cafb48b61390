/**
 * Bounds of what no page does, and of what is scarce among many, which no option changes. Only the server loads them.
 */
export const crowdLimits = {
  /**
   * What comes over a connection and is no event: a pong every 25 s, and a few packets while it opens. Each takes a microsecond or two, and
   * a websocket hands over 9,000 of them in one go.
   */
  signsPerSecond: 2,
  /** Of these, how many may come at once: those of a page that was not read for a while. */
  signsBurst: 50,
  /** Characters of a hello: it names up to a thousand states. Longer ones are not even parsed. */
  helloLength: 100_000,
  /** Messages that are handed on in one turn of the event loop, where a read brings more. A page packs what it says at once into one. */
  messagesAtOnce: 50,
  /** Frames of one message over a websocket. Browsers split long ones, at some kilobytes; a frame without any takes 6 bytes. */
  messageFrames: 1_000,
  /** The part of `connections` that anyone can take, one address all of it; beyond that, an address gets no more than its share. */
  sharedPlaces: 0.5,
  /** That share, as a part of `connections`: a large office. To keep everybody else out takes nine addresses and more. */
  placesPerAddress: 0.05,
  /** Places that an address gets in any case: servers with few places stand before few visitors. */
  leastPlacesPerAddress: 100,
  /** The part of `tasksPerProcess` that anyone can take, one address all of it; beyond that, an address gets no more than its share. */
  sharedTasks: 0.5,
  /** That share, as a part of `tasksPerProcess`: two browsers at their bound. To keep everybody else from starting tasks takes five addresses. */
  tasksPerAddress: 0.1,
  /** Calls a second of all pages of one address. Above it, they are put last, and nothing is refused: 500 people with four calls each. */
  addressCallsPerSecond: 2_000,
  /** Calls that they can make at once before that: they come back together when a lost network is there again. They take about 40 ms. */
  addressCallsBurst: 4_000,
  /**
   * Bytes a second of whole states that the pages of one address can ask for again, after patches that did not fit. Above it, they wait
   * for a second or less. Writing a megabyte takes about 4 ms.
   */
  addressWelcomesPerSecond: 8_000_000,
  /** Bytes of these at once, with those that opened the pages: 300 tabs of an office with 50 KB each. */
  addressWelcomesBurst: 16_000_000,
  /** Messages of a connection that cannot be read, after which it is closed. A page sends none; each takes 3 bytes to send and 8 µs to refuse. */
  unreadableMessages: 100,
  /**
   * States that a tab can watch although nobody has declared them: those that a page of an older version of the app still has. Each
   * is reported to the page as a failure, and takes 350 bytes for as long as the tab is here.
   */
  unknownStates: 20,
  /**
   * The part of the quarter of the heap for all states that one state may have and still be added to, while the states that pages and tasks need take more than all of it:
   * half a megabyte, with a heap of 512 MB.
   */
  crowdedShare: 1 / 256,
  /** Bytes that can be put into a larger one all the same: a counter, a checkbox, the name of a thing. */
  crowdedBytes: 1_000,
  /** Times that quarter, from which on nothing more is put into any state but small ones: half of the heap. */
  fullAt: 2,
  /** Bytes of a state that counts as small then: a form or a game. 10,000 of them take a third of a heap of 512 MB. */
  fullStateBytes: 16_384,
  /** The part of `storeBytes` from which on new tabs are refused; the rest is for the changes of those that are kept. */
  storeFullAt: 0.8,
  /** Bytes of the state of a duplicated tab that count as a further new tab of its address: all of them are written to the store. */
  bytesOfNewTab: 50_000,
} as const
