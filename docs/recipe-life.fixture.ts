/**
 * A process that runs the task of a recipe over the disk store, with real death: `node … STATE-MODULE DIR CALL WHEN [task argument]`. With a task it
 * starts it; without, it goes on with what it finds. Ends by SIGKILL at the given call, or says what is in the state.
 */
import { isServerDefinition } from '../lib/state/define.js'
import { diskStore } from '../lib/store/disk/store.js'
import { testHub } from '../lib/testing/kit.js'
import { life } from './services.fixture.js'

const [file = '', dir = '', call, when, task, argument = 'null'] = process.argv.slice(2)
life.meets = async (at) => {
  if (at.call === Number(call) && at.when === when) process.kill(process.pid, 'SIGKILL')
}

const definition = Object.values(await import(file)).find(isServerDefinition)
if (!definition) throw new Error(`${file} exports no definition`)
const { open, done, clock, hub } = testHub([definition], { store: diskStore({ dir }) })
if (task) {
  const tab = await open()
  const view = (await tab.watch(definition)) as Record<string, { start(argument: unknown): Promise<void> }>
  await done(view[task]?.start(JSON.parse(argument)) ?? Promise.reject(new Error(`no task ${task}`)))
}
let token = ''
for (let turns = 0; turns < 2000 && (token === '' || hub.backgroundTasks.size > 0); turns += 1) {
  for (const run of hub.backgroundTasks) token = run.token
  await clock.advance(500)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const fields = await done(hub.modifyState(token, definition, (s) => JSON.stringify(s)))
process.stdout.write(`${fields}\n`, () => process.exit())
