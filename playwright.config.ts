/**
 * Two servers, one for each way in which Next runs: production on 3100, which needs `next build` first, and development
 * on 3101. Most specs of the demo run against both: `E2E=demo`. `E2E=production` or `E2E=development` starts one server only,
 * and production runs four files of specs at a time.
 *
 * A third project holds the specs of the fixture, which build and start it themselves: `E2E=fixture`.
 */
import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'

const modes = {
  production: { port: 3100, distDir: '.next' },
  development: { port: 3101, distDir: '.next-e2e' },
} as const

type Mode = keyof typeof modes
const only = process.env.E2E as Mode | 'demo' | 'fixture' | undefined
const chosen = (Object.keys(modes) as Mode[]).filter((mode) => only === undefined || only === 'demo' || mode === only)

const chromium = process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined)

/** Specs that need a build or a server of their own, and not those of the demo. */
const fixtureSpecs = /(attached|builds|cached|delivery|edits|packed|serving|users|zones)\.spec\.ts$/

/** Static pages, and what mostly waits for the server, which is the same in both. */
const inProductionAlone =
  /(accessible|chat|content-policy|docs|examples|failed-page|form|counts-on-the-server|controls-while-counting|insecure-address|job|killed|low-level|phone|responsive|second-start|site|tabs-apart|torture)\.spec\.ts$/

const launchOptions = {
  ...(chromium ? { executablePath: chromium } : {}),
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export default defineConfig({
  testDir: 'e2e',
  ...(only === undefined || only === 'fixture' ? { globalSetup: './e2e/pack.ts' } : {}),
  workers: only === undefined ? 1 : { production: 4, development: 1, fixture: 2, demo: 1 }[only], // specs mostly wait
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    trace: { mode: 'retain-on-failure', screenshots: false }, // pictures of a page that changes often take a whole core
    launchOptions,
  },
  projects: [
    ...chosen.map((mode) => ({
      name: mode,
      testIgnore: mode === 'production' ? fixtureSpecs : [fixtureSpecs, inProductionAlone],
      use: { baseURL: `http://localhost:${modes[mode].port}` },
    })),
    ...(only === undefined || only === 'fixture'
      ? [
          {
            name: 'fixture',
            testMatch: fixtureSpecs,
            testIgnore: process.env.LONG ? [] : /(cached|zones)\.spec\.ts$/, // builds of their own: `npm run apps`
            // Playwright forbids the cache of left pages, which browsers have
            use: { launchOptions: { ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] } },
          },
        ]
      : []),
  ],
  webServer: chosen.map((mode) => ({
    name: mode,
    // node itself, so that the signal reaches the server and not a wrapper around it
    command: 'node --import tsx server.ts',
    wait: { stdout: /ready on/ },
    timeout: 120_000,
    reuseExistingServer: false,
    stdout: 'pipe' as const,
    gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 3000 },
    env: {
      NODE_ENV: mode,
      PORT: String(modes[mode].port),
      HELDSTATE_DIST_DIR: modes[mode].distDir,
      NEXT_TELEMETRY_DISABLED: '1',
    },
  })),
})
