import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { networkDisk } from './network-disk.js'

it.skipIf(process.platform !== 'linux')('knows a disk of the network by its kind, and none that is not', () => {
  expect(networkDisk('/', () => 0x6969)).toBe('NFS')
  expect(networkDisk('/', () => 0xfe534d42 | 0)).toBe('SMB')
  expect(networkDisk('/', () => 0xef53)).toBeUndefined()
  expect(networkDisk(tmpdir())).toBeUndefined()
  expect(networkDisk('/no such folder')).toBeUndefined()
})
