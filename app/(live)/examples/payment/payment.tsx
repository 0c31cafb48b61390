'use client'
import { useServerState } from 'heldstate/react'
import { useState } from 'react'
import { order } from './order.state'

const price = (cents: number) => `€ ${(cents / 100).toFixed(2)}`

export function Payment() {
  const { id, cents, status, repeated, place } = useServerState(order)
  const [failure, setFailure] = useState('')
  const start = () => {
    setFailure('')
    place().catch((error) => setFailure(error.message))
  }
  const address = `/examples/payment/pay/${id}`
  return (
    <>
      <p>
        <button type="button" aria-disabled={place.pending} onClick={() => !place.pending && start()}>
          {status === 'none' ? 'Order' : 'Order again'} for {price(cents)}
        </button>
      </p>
      {status === 'waiting' && (
        <p>
          Pay in another tab, or on another device that reaches this server:{' '}
          <a href={address} target="_blank" rel="noreferrer">
            {address}
          </a>
        </p>
      )}
      <p role="status" data-status={status}>
        {status === 'waiting' && 'Waiting for the payment.'}
        {status === 'paid' && `Paid: ${price(cents)}. Thank you.`}
        {repeated > 0 && ` The webhook came again, which changed nothing: ${repeated}.`}
      </p>
      {failure && <p role="alert">{failure}</p>}
    </>
  )
}
