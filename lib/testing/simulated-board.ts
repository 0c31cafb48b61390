/** The second state of a page of the simulation: one of its tab alone, or one that all tabs share. */
export const boardAddress = 'board'
/** Of a third state, which no page uses. */
export const atticAddress = 'attic'

let shared: string | undefined

/** Of the life that begins now. */
export function setSharedBoard(token: string | undefined): void {
  shared = token
}

export const atticOf = (tab: string): string => `${tab.slice(16)}${tab.slice(0, 16)}`

/** The token of the board of a tab. */
export const boardOf = (tab: string): string => shared ?? [...tab].reverse().join('')
