/** Fresh apps with the packed tarball, set up by `heldstate init` and nothing else. `npm run matrix` has many more. */
import { expect, test } from '@playwright/test'
import { MatrixApp } from '../scripts/matrix/app.mjs'
import { cells } from '../scripts/matrix/cells.mjs'
import { driveExample } from '../scripts/matrix/page.mjs'

const named = (name: string) => cells.find((cell) => cell.name === name)
const { HELDSTATE_TARBALL: tarball = '' } = process.env // of pack.ts

for (const [name, modes] of [['newest', ['dev', 'start']]] as const)
  test(`a fresh app counts after init: ${name}, ${modes.join(' and ')}`, async ({ context }) => {
    test.setTimeout(240_000)
    const app = new MatrixApp(named(name), tarball)
    await app.make()
    for (const mode of modes) {
      if (mode === 'start') {
        await expect(app.start('start')).rejects.toThrow('This app has no production build. Run "next build", then')
        await app.build()
      }
      await app.start(mode)
      const page = await context.newPage() // the one before would look for its server again
      await driveExample(page, app.url).finally(() => Promise.all([page.close(), app.stop()]))
    }
  })
