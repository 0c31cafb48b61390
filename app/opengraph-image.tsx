/** The picture that other sites show for a link to this one, drawn while the app is built. */
import { ImageResponse } from 'next/og'

export const alt = 'heldstate: state on the server for Next.js. Work that outlives the page.'
export const size = { width: 1200, height: 630 }
export const contentType = 'image/png'

const cells = 30
const kept = 21

export default function Picture() {
  return new ImageResponse(
    <div style={{ display: 'flex', flexDirection: 'column', justifyContent: 'space-between', ...page }}>
      <div style={{ display: 'flex', alignItems: 'center', gap: 24, fontSize: 40, fontWeight: 700 }}>
        <svg width="64" height="64" viewBox="0 0 32 32" role="presentation">
          <rect width="32" height="32" rx="8" fill="#5cc9b5" />
          <path d="M11 14v-3a5 5 0 0 1 10 0v3" fill="none" stroke="#0c2420" strokeWidth="2.5" strokeLinecap="round" />
          <rect x="8" y="14" width="16" height="11" rx="3" fill="#0c2420" />
          <rect x="11" y="18.25" width="7" height="2.5" rx="1.25" fill="#5cc9b5" />
        </svg>
        heldstate
      </div>
      <div style={{ display: 'flex', flexDirection: 'column', fontSize: 72, fontWeight: 700, lineHeight: 1.1 }}>
        <span>State on the server.</span>
        <span style={{ color: '#5cc9b5' }}>Work that outlives the page.</span>
      </div>
      <div style={{ display: 'flex', gap: 8 }}>
        {Array.from({ length: cells }, (_, cell) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
            key={cell}
            style={{ width: 28, height: 28, borderRadius: 6, background: cell < kept ? '#5cc9b5' : '#33393c' }}
          />
        ))}
      </div>
      <div style={{ display: 'flex', fontSize: 28, color: '#a3adae' }}>
        For Next.js. Reloads, lost connections and kill -9 change nothing.
      </div>
    </div>,
    size,
  )
}

const page = { width: '100%', height: '100%', padding: 72, background: '#15181a', color: '#e6e9e8' }
