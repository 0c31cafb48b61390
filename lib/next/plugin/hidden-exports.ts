/**
 * What a build says of a state module that exports something other than states. The stub in its place has no such export, so the
 * build of a component that imports it ends in words of the bundler, which do not name the reason.
 */
export function hiddenExports(file: string, names: readonly string[]): string {
  const listed = names.map((name) => `"${name}"`).join(', ')
  const [isNoState, it, its] =
    names.length === 1
      ? ['is not a state', 'it', 'a file of its own']
      : ['are not states', 'them', 'a file of their own']
  return (
    `${file} exports ${listed}, which ${isNoState}. The other files of the app get only the states of a state module, so they ` +
    `cannot import ${it}. Move ${it} to ${its}.`
  )
}
