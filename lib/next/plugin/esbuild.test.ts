/** What compiles state modules, as the package has it: a copy of esbuild's client, and a program for each system. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installedPackage } from '../../doors/declarations.fixture.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))

interface Locked {
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

it('no package that heldstate brings runs a script when it is installed', () => {
  const { packages } = read(join(root, 'package-lock.json')) as { packages: Record<string, Locked> }
  const found = new Map<string, Locked>()
  const follow = ({ dependencies, optionalDependencies }: Locked) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const locked = packages[`lib/node_modules/${name}`] ?? packages[`node_modules/${name}`]
      if (!locked) throw new Error(`${name} is not locked`)
      if (found.has(name)) continue
      found.set(name, locked)
      follow(locked)
    }
  }
  follow(packages.lib ?? {})
  expect(found.size).toBeGreaterThan(20)
  expect([...found].filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)).toEqual([])
})

it('it brings the programs that the copied client asks for, in its version', () => {
  const ours = read(join(root, 'lib/package.json')).optionalDependencies
  const { optionalDependencies: theirs } = read(createRequire(import.meta.url).resolve('esbuild/package.json'))
  expect(Object.keys(theirs)).toContain('@esbuild/win32-x64')
  expect(ours).toMatchObject(theirs)
})

describe('the package', () => {
  let dir: string
  const at = (name: string) => join(dir, 'node_modules', name)
  const compiled = () => {
    const script = `
      import { compile, reasonOf } from ${JSON.stringify(pathToFileURL(at('heldstate/dist/next/plugin/compile.js')))}
      try {
        console.log(compile('/a.state.ts', 'enum Size { small = 4 }\\nexport const n: number = Size.small'))
      } catch (error) {
        console.log('failed:', reasonOf(error))
      }`
    return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  }

  beforeAll(async () => {
    dir = installedPackage()
    const scripts: string = new URL('../../../scripts/package/package.mjs', import.meta.url).href // has no types
    const { addEsbuild } = (await import(scripts)) as { addEsbuild(dist: string): void }
    addEsbuild(at('heldstate/dist'))
    rmSync(at('esbuild')) // a link
    expect(existsSync(at('@esbuild'))).toBe(true)
  }, 120_000)
  afterAll(() => rmSync(dir, { recursive: true }))

  it('compiles with the program alone, without the package esbuild', () => {
    expect(compiled()).toContain('["small"] = 4')
  })

  it('says which program is missing, and why it may be; doctor does, too', () => {
    rmSync(at('@esbuild'))
    const sentence = '@esbuild\\/\\S+, which compiles .* is not installed\\. .*--omit=optional'
    expect(compiled()).toMatch(new RegExp(`^failed: ${sentence}`))
    mkdirSync(join(dir, 'app'))
    writeFileSync(join(dir, 'package.json'), '{ "dependencies": { "next": "*", "heldstate": "*" } }')
    const { stdout } = spawnSync(process.execPath, [at('heldstate/dist/cli/bin.js'), 'doctor'], {
      cwd: dir,
      encoding: 'utf8',
    })
    expect(stdout).toMatch(new RegExp(`broken ${sentence}`))
  })
})
