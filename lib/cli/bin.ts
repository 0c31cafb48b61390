#!/usr/bin/env node
/** The entry of `npx heldstate`. */
import { readFileSync } from 'node:fs'
import { main } from './main.js'
import { processTerminal } from './terminal.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const code = await main(process.argv.slice(2), version, processTerminal)
// a server that could not start still listens; what was said is written out first
if (code !== undefined) process.stdout.write('', () => process.exit(code))
