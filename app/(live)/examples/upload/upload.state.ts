import { defineState } from 'heldstate'

export const upload = defineState('upload', () => ({
  name: '',
  size: 0,
  received: 0,
  isHere: false,
  checksum: '',
})).private(() => ({ id: '' })) // of the upload that counts: the last one
