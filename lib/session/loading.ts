/** Loads what a subscription begins with, before its page is welcomed. */
import type { HeldStateError } from '../base/errors.js'
import { type Eventually, rescued } from '../base/eventually.js'
import { forgotten } from '../instance/forgotten-error.js'
import type { Instance } from '../instance/instance.js'
import { LoadError } from '../instance/load-error.js'
import { isSaveFailed } from '../instance/save-error.js'
import { isStale } from '../store/errors.js'
import type { Connection } from './connection.js'
import type { DuplicatedTabs } from './duplicated-tabs.js'
import { isTooFast } from './new-tabs.js'
import { tooManyUnknown, type Watching } from './watching.js'

export interface LoadingCore {
  readonly duplicatedTabs: Pick<DuplicatedTabs, 'lend'>
  /** Asks the store what it has of an instance, also where another process may have changed it. */
  refresh(instance: Instance): Eventually<void>
}

/** The subscription, as loading sees it. */
export interface LoadingSubscription {
  readonly instance: Instance
  /** The page, or one before it in its tab, had a connection before this one. */
  readonly isReconnect: boolean
  sendError(id: undefined, error: unknown): void
  /** The subscription cannot go on. */
  closeWith(error: HeldStateError, spreadMs?: number): void
}

export interface Loading {
  /** Ids of states. */
  readonly ids: readonly string[]
  /** Given to a duplicated tab: the token whose state it begins with. */
  readonly original: string | undefined
  readonly connection: Connection
  readonly watching: Watching
}

/** Gives false where it is to be tried again: the store cannot be reached, and the page shows more than first values, or a copy is not saved. */
export async function load(core: LoadingCore, subscription: LoadingSubscription, loading: Loading): Promise<boolean> {
  let isReached = true
  await rescued(
    () => core.refresh(subscription.instance),
    (error) => {
      if (subscription.isReconnect) isReached = false
      else subscription.sendError(undefined, error)
    },
  )
  return isReached && begin(core, subscription, loading)
}

async function begin(
  { duplicatedTabs }: LoadingCore,
  subscription: LoadingSubscription,
  loading: Loading,
): Promise<boolean> {
  const { ids, original, connection, watching } = loading
  const { instance } = subscription
  const refuse = (error: unknown) => subscription.sendError(undefined, error)
  const fail = (error: HeldStateError, spreadMs?: number) => {
    subscription.closeWith(error, spreadMs)
    return true
  }
  if (instance.forgotten) return fail(forgotten())
  let isSaved = true
  await rescued(
    () => original && duplicatedTabs.lend(original, instance, connection),
    (error) => {
      if (isTooFast(error)) subscription.closeWith(error, error.afterMs)
      else if (isPassing(error, instance)) isSaved = false
      else refuse(error)
    },
  )
  if (!isSaved) return false // what the page would be shown, code of its tab elsewhere would not find
  for (const id of ids) {
    await rescued(() => watching.add(id), refuse)
    if (watching.asksTooMuch) return fail(tooManyUnknown())
  }
  return true
}

/** A copy could not be saved now: the store fails, or another process has taken its token over. The original may be unreadable for good. */
const isPassing = (error: unknown, { token }: Instance) =>
  isSaveFailed(error) || isStale(error) || (error instanceof LoadError && error.token === token)
