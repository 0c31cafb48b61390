/** The members of each type and class that a door exports, as lines of text. */
import ts from 'typescript-5'
import { programOf } from './unnamed-types.fixture.js'

/** `dist` holds the declarations of the library. One line for each export that has members, in the order of doors and names. */
export function membersOf(dist: string, doors: readonly string[]): readonly string[] {
  const { files, program } = programOf(dist, doors)
  const checker = program.getTypeChecker()
  const typeOf = (symbol: ts.Symbol): ts.Type => {
    const behind = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return behind.flags & ts.SymbolFlags.Type
      ? checker.getDeclaredTypeOfSymbol(behind)
      : checker.getTypeOfSymbol(behind)
  }
  return doors.flatMap((door, index) => {
    const file = checker.getSymbolAtLocation(program.getSourceFile(files[index] as string) as ts.SourceFile)
    return checker
      .getExportsOfModule(file as ts.Symbol)
      .map((symbol) => [symbol.name, ownMembers(typeOf(symbol), dist)] as const)
      .filter(([, members]) => members.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, members]) => `${door} ${name}: ${members.join(', ')}`)
  })
}

/** Those that this library declares: not those of Error, of functions or of texts. */
function ownMembers(type: ts.Type, dist: string): readonly string[] {
  return type
    .getProperties()
    .filter(({ declarations }) => declarations?.some((declaration) => isOurs(declaration, dist)))
    .map(({ name }) => (name.startsWith('__@') ? `[${name.slice(3).replace(/@\d+$/, '')}]` : name))
    .sort()
}

const isOurs = (declaration: ts.Declaration, dist: string) =>
  declaration.getSourceFile().fileName.startsWith(dist) &&
  !(ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected))
