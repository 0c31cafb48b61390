/** Where `next.config.mjs` leads an address below /docs that has no page: to the 404 inside the frame of the docs. */
import { notFound } from 'next/navigation'

export default function NotHere() {
  notFound()
}
