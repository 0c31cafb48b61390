import { defineState, reply } from 'heldstate'
import { saveCustomer } from './customers'
import { fileOf, removeFile } from './files'

export const customers = defineState('customer-import', () => ({
  imported: 0,
  refused: 0,
  problems: [] as { line: number; message: string }[], // the first hundred
}))
  .private(() => ({ ofRun: '', next: 0 })) // how far which run is
  .tasks((background) => ({
    run: background(
      { durable: true, concurrency: 'single' },
      async ({ run, update, progress, signal }, name: string) => {
        const lines = (await fileOf(name)).split(/\r?\n/)
        const first = await update((s) => {
          if (s.ofRun !== run) Object.assign(s, { ofRun: run, next: 0, imported: 0, refused: 0, problems: [] })
          return s.next // 0, or where the last process was when it ended
        })
        for (const [at, line] of lines.entries()) {
          if (at < first || line.trim() === '') continue
          signal.throwIfAborted() // a cancelled import takes no further row
          const problem = await saveCustomer(line)
          await update((s) => {
            s.next = at + 1
            if (!problem) s.imported += 1
            else if (++s.refused <= 100) s.problems.push({ line: at + 1, message: problem })
          })
          progress((at + 1) / lines.length, `line ${at + 1} of ${lines.length}`)
        }
        await removeFile(name)
        return reply(await update(({ imported, refused }) => ({ name, imported, refused })))
      },
    ),
  }))
