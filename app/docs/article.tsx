'use client'
import { useRouter } from 'next/navigation'
import { type MouseEvent, type RefObject, useEffect, useRef, useState } from 'react'

/** The HTML of a page. Its links to other pages of this app go there without a new load, and its code can be copied. */
export function Article({ html }: { html: string }) {
  const router = useRouter()
  const article = useRef<HTMLDivElement>(null)
  const [said, setSaid] = useState('')
  useReachable(article, html)

  const copy = async (button: Element) => {
    const code = button.closest('figure')?.querySelector('pre')
    if (code) setSaid(await copied(code))
  }
  const click = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null
    const button = target?.closest('[data-copy]')
    if (button) return void copy(button)
    const href = target?.closest('a')?.getAttribute('href')
    if (!href?.startsWith('/') || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    router.push(href)
  }
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: links and buttons make a click of their keys */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is clicked is a link or a button inside */}
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: the text is that of this repository */}
      <div ref={article} className="prose" onClick={click} dangerouslySetInnerHTML={{ __html: html }} />
      <Notice text={said} clear={() => setSaid('')} />
    </>
  )
}

/** One sentence, seen and heard, that goes after a moment. */
function Notice({ text, clear }: { text: string; clear: () => void }) {
  useEffect(() => {
    if (text === '') return
    const timer = setTimeout(clear, shownMs)
    return () => clearTimeout(timer)
  }, [text, clear])
  return (
    <p className="notice" role="status">
      {text}
    </p>
  )
}

const shownMs = 2500

/** Copies the text of an element; where the browser does not let a page do that, selects it. */
async function copied(element: Element): Promise<string> {
  try {
    await navigator.clipboard.writeText(element.textContent ?? '')
    return 'Copied.'
  } catch {
    getSelection()?.selectAllChildren(element)
    return 'This browser does not let the page copy. The code is selected.'
  }
}

/** A block that is wider than its place can be scrolled with the keyboard, and has a name for it. Others are no stop of the Tab key. */
function useReachable(article: RefObject<HTMLElement | null>, html: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text has other blocks
  useEffect(() => {
    const blocks = [...(article.current?.querySelectorAll<HTMLElement>('[data-scrolls]') ?? [])]
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) makeReachable(target as HTMLElement)
    })
    for (const block of blocks) observer.observe(block)
    return () => observer.disconnect()
  }, [article, html])
}

function makeReachable(block: HTMLElement): void {
  if (block.scrollWidth > block.clientWidth) {
    block.tabIndex = 0
    block.role = 'group'
    block.ariaLabel = block.dataset.scrolls ?? null
  } else for (const name of ['tabindex', 'role', 'aria-label']) block.removeAttribute(name)
}
