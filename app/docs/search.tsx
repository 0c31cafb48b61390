'use client'
import { useRouter } from 'next/navigation'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { type Entry, find } from './find'

/** A search box with a list below it. The index is loaded when somebody first looks for something. */
export function Search() {
  const router = useRouter()
  const list = useId()
  const input = useRef<HTMLInputElement>(null)
  const [query, setQuery] = useState('')
  const [entries, setEntries] = useState<readonly Entry[]>()
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(0)
  const found = entries ? find(entries, query) : []
  const shows = isOpen && query.trim() !== '' && entries !== undefined

  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])

  const load = async () => {
    setOpen(true)
    if (entries) return
    const answer = await fetch('/docs/search.json')
    if (answer.ok) setEntries(await answer.json())
  }
  const go = (href: string) => {
    setOpen(false)
    setQuery('')
    input.current?.blur()
    router.push(href)
  }
  const press = (event: KeyboardEvent) => {
    const target = found[chosen]
    if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(chosen - 1, 0))
    else if (event.key === 'Enter' && target) go(target.entry.href)
    else if (event.key === 'Escape') input.current?.blur()
    else return
    event.preventDefault()
  }

  return (
    <div className="search">
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label="Search the docs"
        aria-keyshortcuts="/"
        aria-expanded={shows}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shows && found[chosen] ? `${list}-${chosen}` : undefined}
        placeholder="Search  /"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setChosen(0)
        }}
        onFocus={load}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      {shows && (
        <div className="found">
          <div id={list} role="listbox" aria-label="Found">
            {found.map(({ entry, excerpt }, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys
              <div
                key={entry.href}
                id={`${list}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                ref={index === chosen ? scrolledTo : undefined}
                onMouseDown={(event) => event.preventDefault()} // the input keeps the focus
                onMouseMove={() => setChosen(index)}
                onClick={() => go(entry.href)}
              >
                <strong>
                  {entry.page}
                  {entry.heading && ` › ${entry.heading}`}
                </strong>
                <span>
                  {excerpt.map(({ text, hit }, place) =>
                    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
                    hit ? <mark key={place}>{text}</mark> : text,
                  )}
                </span>
              </div>
            ))}
          </div>
          {found.length === 0 && <p role="status">Nothing found for “{query.trim()}”.</p>}
        </div>
      )}
    </div>
  )
}

const scrolledTo = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' })

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
