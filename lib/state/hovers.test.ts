/** What an editor shows of a state: flat types. */
import { fileURLToPath } from 'node:url'
import ts from 'typescript-5'
import { expect, it } from 'vitest'

const file = fileURLToPath(new URL('hovers.fixture.ts', import.meta.url))

/** The type of each name that the fixture declares by `const` or as a parameter, as an editor shows it. */
function hovers(): ReadonlyMap<string, string> {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  }
  const program = ts.createProgram([file], options)
  const checker = program.getTypeChecker()
  const shown = new Map<string, string>()
  const walk = (node: ts.Node): void => {
    if ((ts.isVariableDeclaration(node) || ts.isParameter(node)) && ts.isIdentifier(node.name)) {
      const type = checker.getTypeAtLocation(node.name)
      shown.set(
        node.name.text,
        checker.typeToString(
          type,
          node,
          ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope,
        ),
      )
    }
    ts.forEachChild(node, walk)
  }
  const source = program.getSourceFile(file)
  if (source) walk(source)
  return shown
}

it('shows a state as a flat object, in handlers, in tasks, and on a page', () => {
  const shown = hovers()
  const fields = '{ n: number; rows: Row[]; due: Date | null; secret: string; }'
  expect(shown.get('inEvent')).toBe(fields)
  expect(shown.get('inUpdate')).toBe(fields)
  expect(shown.get('inModify')).toBe(fields)
  expect(shown.get('inComputed')).toBe(
    'Readonly<{ n: number; rows: Row[]; due: Date | null; secret: string; readonly double: number; }>',
  )
  expect(shown.get('page')).toBe(
    '{ readonly n: number; readonly rows: readonly { readonly id: number; readonly name: string; }[]; readonly due: Date | null; ' +
      'readonly double: number; readonly quadruple: number; readonly add: EventFunction<[by: number], void>; readonly count: TaskHandle<[], void>; }',
  )
  expect(shown.get('view')).toBe(
    '{ n: number; rows: Row[]; due: Date | null; secret: string; readonly double: number; readonly quadruple: number; }',
  )
  expect(shown.get('definition')).toMatch(
    /^Builder<\{ readonly public: \{ n: number; rows: Row\[\]; due: Date \| null; \}; readonly private: \{ secret: string; \}; readonly computed: /,
  )
  for (const text of shown.values()) expect(text).not.toMatch(/Omit<|Extend<|Flat<|Storable<| & /)
}, 60_000)
