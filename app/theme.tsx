'use client'
import { useLayoutEffect, useSyncExternalStore } from 'react'

const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

/** Runs before the page is painted, so that a chosen theme never flashes the other. */
const early = `try{const t=localStorage.getItem('theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}`

export function EarlyTheme() {
  useChosenTheme()
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the constant above
  return <script dangerouslySetInnerHTML={{ __html: early }} />
}

/** For a document that React has made in the page, where the script does not run: after an error, and after the page for that error. */
export function useChosenTheme(): void {
  useLayoutEffect(() => {
    try {
      show(localStorage.getItem('theme'))
    } catch {} // no storage: nothing was chosen
  }, [])
}

/** Chooses light or dark, or leaves it to the system. The choice stays in this browser. */
export function ThemeSwitch() {
  const theme = useSyncExternalStore(subscribe, chosen, () => 'system' as const)
  return (
    <label className="theme">
      Theme
      <select value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  )
}

function chosen(): Theme {
  const given = document.documentElement.dataset.theme
  return themes.find((theme) => theme === given) ?? 'system'
}

function choose(theme: Theme): void {
  show(theme)
  try {
    localStorage.setItem('theme', theme)
  } catch {} // no storage: the choice lasts for this page
}

function show(theme: string | null): void {
  const { dataset } = document.documentElement
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  else delete dataset.theme
  for (const listener of listeners) listener()
}

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  const heard = ({ key, newValue }: StorageEvent) => key === 'theme' && show(newValue) // another tab has chosen
  listeners.add(listener)
  window.addEventListener('storage', heard)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', heard)
  }
}
