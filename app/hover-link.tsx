'use client'
import Link from 'next/link'
import { type ComponentProps, useState } from 'react'

/**
 * A link within the site whose page is fetched when somebody points at it, and not as soon as it is seen: a page of the docs shows
 * fifty links, and most are never followed.
 */
export function HoverLink(props: Omit<ComponentProps<typeof Link>, 'prefetch'>) {
  const [isWanted, setWanted] = useState(false)
  const want = () => setWanted(true)
  return <Link {...props} prefetch={isWanted ? null : false} onPointerEnter={want} onFocus={want} onTouchStart={want} />
}
