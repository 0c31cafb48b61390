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
      if (!opens(event)) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])

  // Somebody was quicker than the script, and has typed already.
  useEffect(() => {
    const { current } = input
    if (!current || current !== document.activeElement) return
    setQuery(current.value)
    setOpen(true)
    void fetchEntries().then(setEntries)
  }, [])

  const load = async () => {
    setOpen(true)
    if (!entries) setEntries(await fetchEntries())
  }
  const go = (href: string) => {
    setOpen(false)
    setQuery('')
    input.current?.blur()
    router.push(href)
  }
  const type = (text: string) => {
    setQuery(text)
    setChosen(0)
    setOpen(true)
  }
  const move = (by: 1 | -1) => {
    if (shows) setChosen(Math.max(0, Math.min(chosen + by, found.length - 1)))
    else setOpen(true)
  }
  const press = (event: KeyboardEvent) => {
    const target = found[chosen]
    if (event.key === 'ArrowDown') move(1)
    else if (event.key === 'ArrowUp') move(-1)
    else if (event.key === 'Enter' && shows && target) go(target.entry.href)
    else if (event.key === 'Escape' && shows) setOpen(false)
    else if (event.key === 'Escape') setQuery('')
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
        aria-keyshortcuts="/ Control+K Meta+K"
        aria-expanded={shows}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shows && found[chosen] ? `${list}-${chosen}` : undefined}
        placeholder="Search the docs"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => type(event.target.value)}
        onFocus={load}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <span className="key" aria-hidden="true">
        /
      </span>
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

async function fetchEntries(): Promise<readonly Entry[] | undefined> {
  const answer = await fetch('/docs/search.json')
  return answer.ok ? answer.json() : undefined
}

const scrolledTo = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' })

/** The keys that lead to the search: `/` where nothing is typed, and Ctrl K or ⌘ K anywhere. */
function opens({ key, ctrlKey, metaKey, altKey, target }: globalThis.KeyboardEvent): boolean {
  if (altKey) return false
  return ctrlKey || metaKey ? key.toLowerCase() === 'k' : key === '/' && !isField(target)
}

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
