/** The last session of each page: whom a page that connects again follows. */
import type { Limits } from '../base/limits.js'

export class Pages<Session> {
  private readonly byToken = new Map<string, Map<string, Session>>()
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  of(token: string, page: string): Session | undefined {
    return this.byToken.get(token)?.get(page)
  }

  set(token: string, page: string, session: Session): void {
    const pages = this.byToken.get(token) ?? new Map<string, Session>()
    this.byToken.set(token, pages)
    pages.delete(page)
    pages.set(page, session)
    const [oldest] = pages.keys()
    if (pages.size > this.limits.rememberedPages && oldest !== undefined) pages.delete(oldest)
  }

  drop(token: string): void {
    this.byToken.delete(token)
  }
}
