/**
 * Which instance an address stands for. The only one so far is that of the tab itself; tests give further ones, and what comes next will: a browser, a user,
 * a room.
 */
import { HeldStateError } from '../base/errors.js'
import { cut } from '../base/text.js'
import { ownAddress } from '../protocol/own-address.js'

/** The token of an address, for the page of a tab; `undefined` if that page may not watch it. */
export type Resolve = (tab: string) => string | undefined

export class Addresses {
  private readonly known = new Map<string, Resolve>([[ownAddress, (tab) => tab]])

  /** For tests, as long as no door gives addresses. */
  set(address: string, resolve: Resolve): void {
    this.known.set(address, resolve)
  }

  /** Throws where nothing is at an address, and where the page of a tab may not watch what is, in the same words. */
  tokenOf(address: string, tab: string): string {
    const token = this.known.get(address)?.(tab)
    if (token !== undefined) return token
    throw new HeldStateError(
      'unknown-address',
      `No state at the address ${JSON.stringify(cut(address, 80))} is available to this page.`,
    )
  }
}
