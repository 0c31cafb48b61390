'use client'
import { useServerState } from 'heldstate/react'
import { TryList } from '../try-list'
import { upload } from './upload.state'

const words = {
  reload: 'Reload while it uploads: the page says how much had arrived.',
  line: 'Go offline after a part has arrived, and come back.',
  kill: 'Kill the server after a part has arrived, and start it again.',
}

export function UploadTries() {
  const received = useServerState(upload, (s) => s.received)
  return <TryList id="upload" busy={received > 0} kept={received > 0} words={words} />
}
