import styles from './torture.module.css'
import type { Torture } from './use-torture'

/** Both sides compared: what the page has made, and what the server has counted. */
export function Tally({ tally }: { tally: Torture['tally'] }) {
  return (
    <dl className={styles.tally}>
      <Figure name="clicked" value={tally.made} />
      <Figure name="in the state" value={tally.came} />
      <Figure name="on the way" value={tally.open} />
      {tally.refused > 0 && <Figure name="refused" value={tally.refused} />}
      <Figure name="lost" value={tally.lost} judged />
      <Figure name="twice" value={tally.twice} judged />
    </dl>
  )
}

function Figure({ name, value, judged = false }: { name: string; value: number; judged?: boolean }) {
  return (
    <div data-judged={judged ? (value === 0 ? 'good' : 'bad') : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

const cells = 60

/** A cell for each of the last clicks: grey while it is on its way, green when the server has it. */
export function Strip({ made, came }: { made: number; came: number }) {
  const first = Math.max(1, made - cells + 1)
  return (
    <div className={styles.strip} aria-hidden="true">
      {Array.from({ length: cells }, (_, at) => {
        const number = first + at
        return <i key={number} data-cell={number > made ? 'none' : number <= came ? 'came' : 'open'} />
      })}
    </div>
  )
}
