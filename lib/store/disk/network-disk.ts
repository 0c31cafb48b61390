/** Whether a folder lies on a file system of the network, whose locks SQLite cannot rely on. */
import { statfsSync } from 'node:fs'

/** Their file system types on Linux. Other systems cannot tell. */
const names = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
])

/** The name of the network file system, if it is one. */
export function networkDisk(
  folder: string,
  kindOf = (path: string) => Number(statfsSync(path).type),
): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return names.get(kindOf(folder) >>> 0)
  } catch {
    return undefined
  }
}
