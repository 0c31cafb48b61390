import type { Metadata } from 'next'
import { ExampleFrame } from '../example-frame'
import { recipes } from '../examples'
import { Upload } from './upload'
import { UploadTries } from './upload-tries'

const example = recipes.upload

export const metadata: Metadata = { title: `${example.name}: a live example`, description: example.text }

export default function UploadPage() {
  const lead =
    'Send a file of up to 100 MB. The page shows the bytes that have arrived on the server, which stays true over a reload; the server keeps nothing of it but its checksum.'
  return (
    <ExampleFrame example={example} lead={lead} tries={<UploadTries />}>
      <Upload />
    </ExampleFrame>
  )
}
