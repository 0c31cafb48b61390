/** A bug on purpose: what a simulation is worth shows in whether it finds it. */
export type Sabotage =
  /** The hub takes a page that comes back for a new one, so it knows none of its calls. */
  | 'forget-page'
  /** The store keeps the state and not which calls are part of it. */
  | 'forget-calls'
  /** The store keeps which calls are part of the state, and not what they replied. */
  | 'forget-reply'
  /** The store keeps that a run has ended, and not what it replied. */
  | 'forget-result'
  /** A page is given the result of the run that ended last, whichever it waits for. */
  | 'mix-results'
  /** The store acknowledges a save before it is kept. */
  | 'acknowledge-early'
  /** The store takes a save that does not follow what it has: that of a process which was frozen while another went on. */
  | 'skip-fence'
  /** The hub does not say how far the calls of a page that comes back have come. */
  | 'hide-progress'
  /** The hub goes on from a change that could not be saved. */
  | 'build-on-failed'
  /** A call goes on although one before it could not be saved. */
  | 'overtake-failed'
  /** Other processes get a change before it is saved. */
  | 'publish-early'
  /** A process does not renew its lease. */
  | 'lease-not-renewed'
  /** A page loses the last letter of words that are added to a text. */
  | 'cut-words'
  /** The calls of a page that was reloaded are sent on as those of the page after it. */
  | 'forget-former'
  /** A page does not say when it began: after many reloads, the hub takes it for one that it has forgotten. */
  | 'forget-began'
  /** The hub keeps the log of calls for the number of a subscription, which another page may use for another address. */
  | 'log-per-number'
  /** A page comes back, and is sent what it missed since its revision, not since what it heard. */
  | 'resume-by-revision'
  /** A delta of two subscriptions comes as two messages. */
  | 'torn-delta'
  /** The hub shows a duplicated tab its copy before it is saved. */
  | 'unsaved-copy'
