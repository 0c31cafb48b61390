import type { Metadata } from 'next'
import { ExampleFrame } from '../example-frame'
import { recipes } from '../examples'
import { Import } from './import'
import { ImportTries } from './import-tries'

const example = recipes.import

export const metadata: Metadata = { title: `${example.name}: a live example`, description: example.text }

export default function ImportPage() {
  const lead =
    'Choose a file. The server works through its lines and says how far it is. A line that fails stops nothing, Cancel stops at once, and after a crash the next process goes on with the next line.'
  return (
    <ExampleFrame example={example} lead={lead} tries={<ImportTries />}>
      <Import />
    </ExampleFrame>
  )
}
