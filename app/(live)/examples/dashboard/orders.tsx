'use client'
import { useConnection, useServerState } from 'heldstate/react'
import { useEffect, useState } from 'react'
import { orders } from './orders.state'

const columns = { id: 'Order', customer: 'Customer', cents: 'Amount' } as const

export function Orders() {
  const { shown, page, pages, sort, bytes, changes, change, load, turnTo, sortBy } = useServerState(orders)
  const isLive = useConnection().status === 'live'
  const [failure, setFailure] = useState('')
  const attempt = (call: Promise<unknown>) => {
    setFailure('')
    call.catch((error) => setFailure(error.message))
  }
  const isMissing = isLive && bytes === 0
  useEffect(() => {
    if (isMissing) load().catch((error) => setFailure(error.message))
  }, [isMissing, load])
  const running = change.running > 0
  const names = Object.keys(columns) as (keyof typeof columns)[]
  return (
    <>
      <p>
        <button type="button" onClick={() => attempt(running ? change.cancel() : change.start())}>
          {running ? 'Stop' : 'Change 200 rows'}
        </button>
        <progress aria-label="Rows changed" max={200} value={changes} />
      </p>
      <table aria-busy={bytes === 0}>
        <caption>
          10,000 orders, {(bytes / 1000).toFixed(0)} KB on the server. Page{' '}
          <bdi dir="ltr">{`${page + 1} / ${pages}`}</bdi>
        </caption>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col" aria-sort={sort === name ? 'ascending' : undefined}>
                <button type="button" onClick={() => attempt(sortBy(name))}>
                  {columns[name]} {sort === name && <span aria-hidden="true">↑</span>}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bytes === 0 && <Places />}
          {shown.map(({ id, customer, cents }) => (
            <tr key={id}>
              <th scope="row">{id}</th>
              <td>{customer}</td>
              <td>{(cents / 100).toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <button type="button" aria-disabled={page === 0} onClick={() => page > 0 && attempt(turnTo(page - 1))}>
          Previous page
        </button>
        <button
          type="button"
          aria-disabled={page + 1 >= pages}
          onClick={() => page + 1 < pages && attempt(turnTo(page + 1))}
        >
          Next page
        </button>
      </p>
      {failure && <p role="alert">{failure}</p>}
    </>
  )
}

/** As much room as twenty rows take, until they are here: nothing below them moves. */
const Places = () =>
  Array.from({ length: 20 }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
    <tr key={row}>
      <td colSpan={3}>&nbsp;</td>
    </tr>
  ))
