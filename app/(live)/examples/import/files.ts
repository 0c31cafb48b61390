import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refusal } from 'heldstate'

const largest = 1_000_000 // bytes
const mostFiles = 100
const keptForMs = 3_600_000 // the file of an import that was cancelled, or whose server did not come back

/** IMPORTS names a place that outlives a restart, and that all processes reach: a folder on a volume. */
const folder = () => process.env.IMPORTS ?? join(tmpdir(), 'heldstate-imports')

/** Keeps a file, and gives the name under which it is found again. */
export async function keepFile(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const text = await textOf(body)
  if (text.trim() === '') throw new Refusal('The file is empty. Choose one that has lines.')
  if (!text.split('\n', 1)[0]?.includes(',')) throw new Refusal('This is no CSV file: its first line has no comma.')
  if ((await removeOldFiles()) >= mostFiles) throw new Refusal('Too many files are being imported. Try again later.')
  const name = randomUUID()
  await writeFile(join(folder(), name), text)
  return name
}

export async function fileOf(name: string): Promise<string> {
  return readFile(pathOf(name), 'utf8').catch(() => {
    throw new Refusal('The file is no longer there. Choose it again.')
  })
}

export const removeFile = (name: string) => rm(pathOf(name), { force: true })

function pathOf(name: string): string {
  if (!/^[\da-f-]{36}$/.test(name)) throw new Refusal('There is no such file.') // it comes from a page
  return join(folder(), name)
}

async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > largest) throw new Refusal('The file is too large: 1 MB at most.')
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new Refusal('This is no text file. Choose a CSV file in UTF-8.')
  }
}

/** Gives how many files are left. */
async function removeOldFiles(): Promise<number> {
  await mkdir(folder(), { recursive: true })
  const names = await readdir(/* turbopackIgnore: true */ folder())
  const isOld = async (name: string) => Date.now() - (await stat(join(folder(), name))).mtimeMs > keptForMs
  const old = await Promise.all(names.map((name) => isOld(name).catch(() => false)))
  await Promise.all(names.filter((_, at) => old[at]).map(removeFile))
  return old.filter((is) => !is).length
}
