/**
 * What the pages of one address may ask together. Each page stays within its own rate, and a hundred of them take the thread all the same:
 * above these rates they are put last, like a page above its own.
 */
import { crowdLimits } from '../base/crowd-limits.js'
import { CallRate } from './call-rate.js'

export class AddressRate {
  pages = 0
  readonly calls = new CallRate(crowdLimits.addressCallsPerSecond, crowdLimits.addressCallsBurst)
  /** Of the bytes of whole states. */
  readonly welcomes = new CallRate(crowdLimits.addressWelcomesPerSecond, crowdLimits.addressWelcomesBurst)
}

/** Those of the addresses that have a page here. */
export class AddressRates {
  private readonly rates = new Map<string, AddressRate>()

  /** A page has come; `undefined` if its address is not known. `leave` must follow when it goes. */
  enter(address: string | undefined): AddressRate | undefined {
    if (address === undefined) return undefined
    const rate = this.rates.get(address) ?? new AddressRate()
    rate.pages += 1
    this.rates.set(address, rate)
    return rate
  }

  leave(address: string | undefined): void {
    const rate = address === undefined ? undefined : this.rates.get(address)
    if (!rate || address === undefined) return
    rate.pages -= 1
    if (rate.pages === 0) this.rates.delete(address)
  }

  get size(): number {
    return this.rates.size
  }
}
