/**
 * The code of a recipe that runs in the demo is the code that runs. The files are the source: after a change of one, `npx vitest run docs/running -u`
 * writes it into the page of the recipe.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { recipes } from '../app/(live)/examples/examples'
import { pathOf, sourceOf } from '../app/(live)/examples/source'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const blocks = /^```(tsx?)\n\/\/ ([\w@[\]./-]+)\n[\s\S]*?^```$/gm

describe.each(Object.values(recipes))('the recipe $recipe', ({ recipe, files }) => {
  const page = join(root, `docs/recipes/${recipe}.md`)
  const text = readFileSync(page, 'utf8')
  const named = [...text.matchAll(blocks)].map(({ 2: file = '' }) => file)

  it('shows the files of its example, and each that runs', () => {
    expect(named.filter((file) => existsSync(join(root, pathOf(file)))).sort()).toEqual([...files].sort())
  })
  it('shows them as they run', async () => {
    const codes = new Map(await Promise.all(files.map(async (file) => [file, await sourceOf(file)] as const)))
    const shown = text.replaceAll(blocks, (block, language, file) =>
      codes.has(file) ? `\`\`\`${language}\n// ${file}\n${codes.get(file)}\`\`\`` : block,
    )
    await expect(shown).toMatchFileSnapshot(page)
  })
})
