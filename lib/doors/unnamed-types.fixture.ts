/** Types that a door's signatures name and that no door exports: a declaration that infers one of them cannot be written. */
import { basename, join } from 'node:path'
import ts from 'typescript-5'

/** The declarations of the doors, as the compiler reads them. */
export function programOf(dist: string, doors: readonly string[]) {
  const files = doors.map((door) => join(dist, 'doors', `${door}.d.ts`))
  const { NodeNext: module } = ts.ModuleKind
  const { NodeNext: moduleResolution } = ts.ModuleResolutionKind
  return { files, program: ts.createProgram(files, { module, moduleResolution, skipLibCheck: true }) }
}

/** By the door or type that names them; `dist` holds the declarations of the library. */
export function unnamedTypes(dist: string, doors: readonly string[]): readonly string[] {
  const { files, program } = programOf(dist, doors)
  const checker = program.getTypeChecker()
  const behind = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const exported = new Map<ts.Symbol, string>()
  for (const file of files) {
    const door = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile)
    for (const symbol of checker.getExportsOfModule(door as ts.Symbol)) exported.set(behind(symbol), symbol.name)
  }
  const found = new Set<string>()
  const seen = new Set<ts.Symbol>()
  const look = (symbol: ts.Symbol, from: string): void => {
    if (seen.has(symbol)) return
    seen.add(symbol)
    for (const declaration of symbol.declarations ?? []) walk(declaration, from)
  }
  const walk = (node: ts.Node, from: string): void => {
    if (ts.canHaveModifiers(node) && has(node, ts.SyntaxKind.PrivateKeyword)) return
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined
    if (symbol) name(behind(symbol), from)
    ts.forEachChild(node, (child) => walk(child, from))
  }
  const name = (symbol: ts.Symbol, from: string): void => {
    const declaration = symbol.declarations?.[0]
    if (!declaration?.getSourceFile().fileName.startsWith(dist) || !(symbol.flags & ts.SymbolFlags.Type)) return
    if (exported.has(symbol) || symbol.flags & ts.SymbolFlags.TypeParameter) return
    // what its own file keeps to itself is written out by the compiler, so what it is made of counts
    if (!has(declaration as ts.HasModifiers, ts.SyntaxKind.ExportKeyword)) return look(symbol, from)
    found.add(`${from}: ${symbol.name} of ${basename(declaration.getSourceFile().fileName, '.d.ts')}`)
  }
  for (const [symbol, name] of exported) look(symbol, name)
  return [...found].sort()
}

const has = (node: ts.HasModifiers, kind: ts.SyntaxKind) =>
  ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false
