/** What the search of the docs looks through, built once. */
import { entries } from '../entries'

export const dynamic = 'force-static'

export const GET = () => Response.json(entries())
