/** What heldstate promises, and the tests of the repository that hold it. `promises.test.ts` looks whether they exist. */
export const promises = [
  {
    title: 'The page stays interactive',
    text: 'A background task locks the state only while it writes. Clicks are handled in between.',
    tests: ['e2e/responsive.spec.ts', 'e2e/controls-while-counting.spec.ts'],
  },
  {
    title: 'Events happen once',
    text: 'Calls that wait survive a reload. If an answer is lost, the call is sent again and takes effect once.',
    tests: ['lib/testing/simulation.test.ts', 'e2e/delivery.spec.ts'],
  },
  {
    title: 'Saved before shown',
    text: 'What a page shows outlives kill -9 at any moment, in SQLite or in Redis.',
    tests: ['lib/store/disk/power.test.ts', 'chaos/chaos.test.ts'],
  },
  {
    title: 'All or nothing',
    text: 'If a handler throws, its change is undone, and no page was shown any of it.',
    tests: ['lib/instance/transaction.test.ts', 'lib/tasks/run.test.ts'],
  },
  {
    title: 'Cancel means cancel',
    text: 'A cancelled task has stopped when the call resolves, and its signal ends the request that it waits for.',
    tests: ['lib/tasks/cancel.test.ts', 'e2e/job.spec.ts'],
  },
  {
    title: 'No visitor harms another',
    text: 'Everything is bounded in bytes, counts and rates, and each refusal has a name.',
    tests: ['bench/attack/attack.test.ts', 'lib/base/limits.test.ts'],
  },
] as const
