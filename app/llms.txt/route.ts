/** The index of the docs for programs that read text. */
import { llmsText } from '../docs/plain'

export const dynamic = 'force-static'

export const GET = () => new Response(llmsText(), { headers: { 'content-type': 'text/plain; charset=utf-8' } })
