/** Which heldstate this is: several copies of the library can meet in one process. The same as in package.json. */
export const version: string = '0.1.0'
