/** Lets the disk store go on when a page of its file is damaged. */
import { isDamaged, textOf, type Value } from './sqlite.js'

/** Runs `work`, or `otherwise` if it finds a damaged page. */
export function unlessDamaged(work: () => unknown, otherwise: () => unknown = () => {}): void {
  try {
    work()
  } catch (error) {
    if (!isDamaged(error)) throw error
    otherwise()
  }
}

/** The text; none if a damaged page has changed it into something else. */
export function readableText(value: Value | undefined): readonly string[] {
  try {
    return [textOf(value)]
  } catch {
    return []
  }
}
