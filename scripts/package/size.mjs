/** Prints what the door for components costs a page: `npm run size`. lib/doors/size.test.ts holds the bound. */
import { sizesOfPage } from '../../lib/doors/size.fixture.ts'

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
for (const { part, minified, gzip, brotli } of await sizesOfPage())
  console.log(
    `${part.padEnd(6)}  ${kilobytes(minified)} minified, ${kilobytes(gzip)} gzip, ${kilobytes(brotli)} brotli`,
  )
