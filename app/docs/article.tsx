'use client'
import { useRouter } from 'next/navigation'
import type { MouseEvent } from 'react'

/** The HTML of a page. Its links to other pages of this app go there without loading the app anew. */
export function Article({ html }: { html: string }) {
  const router = useRouter()
  const follow = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const href = link?.getAttribute('href')
    if (!href?.startsWith('/') || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    router.push(href)
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a link makes a click of the Enter key
    // biome-ignore lint/a11y/noStaticElementInteractions: what is clicked is a link inside
    // biome-ignore lint/security/noDangerouslySetInnerHtml: the text is that of this repository
    <div className="prose" onClick={follow} dangerouslySetInnerHTML={{ __html: html }} />
  )
}
