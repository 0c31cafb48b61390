/** The second state of a page of the simulation: one of its tab alone, or one that all tabs share. */
export const boardAddress = 'board'

let shared: string | undefined

/** Of the life that begins now. */
export function setSharedBoard(token: string | undefined): void {
  shared = token
}

/** The token of the board of a tab. */
export const boardOf = (tab: string): string => shared ?? [...tab].reverse().join('')
