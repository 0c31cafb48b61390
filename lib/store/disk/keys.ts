/** The keys of texts as they stand in the file, where people read them: "field/counter/n". */

const separator = '\u0000'
const slash = '/'

/** The key as it is written to the file. */
export const writtenKey = (key: string): string =>
  /[%/]/.test(key) ? key.split(separator).map(escaped).join(slash) : key.replaceAll(separator, slash)

export const readKey = (key: string): string =>
  key.includes('%') ? key.split(slash).map(unescaped).join(separator) : key.replaceAll(slash, separator)

const escaped = (name: string) => name.replaceAll('%', '%25').replaceAll(slash, '%2F')

const unescaped = (name: string) => name.replaceAll('%2F', slash).replaceAll('%25', '%')
