import { HeldStateProvider } from 'heldstate/provider'
import type { ReactNode } from 'react'

export default function Layout({ children }: { children: ReactNode }) {
  return <HeldStateProvider>{children}</HeldStateProvider>
}
