// What an EventSource reports, be it a browser's or a package's, and how. This file is also sent into
// pages and workers as it stands, so it neither imports nor exports.

const LONG = 4096
const CRC_TABLE = Int32Array.from({length: 256}, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** Data that are long as their beginning, the number of their UTF-16 units and the CRC-32 of these. */
function shorten(data) {
  if (data.length <= LONG) return data
  let crc = -1
  for (let at = 0; at < data.length; at += 1) {
    const unit = data.charCodeAt(at)
    crc = CRC_TABLE[(crc ^ unit) & 0xff] ^ (crc >>> 8)
    crc = CRC_TABLE[(crc ^ (unit >>> 8)) & 0xff] ^ (crc >>> 8)
  }
  const sum = (~crc >>> 0).toString(16).padStart(8, '0')
  return `${data.slice(0, 40)}… ${data.length} units, CRC-32 ${sum}`
}

function listen(EventSource, run, emit) {
  const source = new EventSource(run.url)
  // An event of the stream may be of the type `open` or `error`; only such an event has data.
  source.addEventListener('open', (event) => {
    if (event.data === undefined) emit({kind: 'open'})
  })
  source.addEventListener('error', (event) => {
    if (event.data !== undefined) return
    const closed = source.readyState === EventSource.CLOSED
    emit({kind: 'error', readyState: source.readyState, message: event.message})
    if (closed) emit({kind: 'closed'})
  })
  for (const name of new Set(['message', ...run.types])) {
    source.addEventListener(name, ({type, data, lastEventId}) => {
      if (data !== undefined) emit({kind: 'event', type, data: shorten(data), lastEventId})
    })
  }
  return () => source.close()
}
