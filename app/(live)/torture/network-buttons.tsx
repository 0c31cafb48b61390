'use client'
import { network, useNetwork } from './network'

/** Each says what it does, and while that lasts, for how long it will. */
export function NetworkButtons() {
  const { halfOpen, delayMs, answersToLose, seconds } = useNetwork()
  return (
    <div className="row">
      <CutButton label="Cut" ms={3_000} />
      <button type="button" aria-disabled={answersToLose > 0} onClick={() => answersToLose === 0 && network.lose(5)}>
        {answersToLose > 0 ? `Loses ${answersToLose} more` : 'Lose the next 5 answers'}
      </button>
      <button type="button" aria-pressed={delayMs > 0} onClick={() => network.delay(delayMs > 0 ? 0 : 400)}>
        400 ms slower
      </button>
      <button type="button" aria-disabled={halfOpen} onClick={() => !halfOpen && network.halfOpen(10_000)}>
        {halfOpen ? `Half open for ${seconds} s more` : 'Half open for 10 s'}
      </button>
    </div>
  )
}

interface CutProps {
  /** What it does, without the time. */
  readonly label: string
  readonly ms: number
  readonly onCut?: () => void
}

/** Counts down while the network is cut, and cannot be pressed again until it is back. */
export function CutButton({ label, ms, onCut }: CutProps) {
  const { cut, seconds } = useNetwork()
  const press = () => {
    onCut?.()
    network.cut(ms)
  }
  return (
    <button type="button" aria-disabled={cut} onClick={() => !cut && press()}>
      {cut ? `Cut, back in ${seconds} s` : `${label} for ${ms / 1_000} s`}
    </button>
  )
}
