/**
 * The code of a running example is the code of its recipe: `docs/running.test.ts` compares them. Recipes leave out the folders in which this app
 * keeps its examples.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const folder = '(live)/examples/'

/** Where a file stands that a recipe names. */
export const pathOf = (file: string) => (file.startsWith('app/api/') ? file : file.replace('app/', `app/${folder}`))

/** The code of a file that a recipe names. */
export async function sourceOf(file: string): Promise<string> {
  return (await readFile(join(/* turbopackIgnore: true */ process.cwd(), pathOf(file)), 'utf8')).replaceAll(folder, '')
}
