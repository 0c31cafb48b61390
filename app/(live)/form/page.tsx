import { metadataOf } from '../../demos'
import { Guests } from './guests'

export const metadata = metadataOf('/form')

export default function FormPage() {
  return (
    <>
      <div className="intro">
        <h1>Form</h1>
        <p>
          An event is the action of this form. Send it empty: the server refuses it, each message stands at its field,
          and nothing that was typed is lost. What only the server can know comes the same way: invite one address
          twice, or more guests than there are seats.
        </p>
      </div>
      <Guests />
    </>
  )
}
