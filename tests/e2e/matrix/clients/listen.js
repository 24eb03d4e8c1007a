// What an EventSource reports, be it a browser's or a package's. This file is also sent into pages
// and workers as it stands, so it neither imports nor exports.

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
      if (data !== undefined) emit({kind: 'event', type, data, lastEventId})
    })
  }
  return () => source.close()
}
