export { GET } from 'heldstate/next/route'
