// @microsoft/fetch-event-source with the handlers of its README: client errors are fatal, everything
// else, the end of the body included, is tried again. Messages without data are left out: it gives
// one out for every blank line. It is made for pages; of a page it needs no more than what stands
// here.

import {drive, shorten} from './drive.mjs'

globalThis.window = globalThis
globalThis.document = {addEventListener() {}, removeEventListener() {}, hidden: false}

const {EventStreamContentType, fetchEventSource} = await import('@microsoft/fetch-event-source')

class RetriableError extends Error {}
class FatalError extends Error {}

drive(({url, method, headers, body}, emit) => {
  const stop = new AbortController()
  fetchEventSource(url, {
    method,
    body,
    headers,
    signal: stop.signal,
    openWhenHidden: true,
    async onopen(response) {
      const {ok, status} = response
      const type = response.headers.get('content-type')
      if (ok && type === EventStreamContentType) emit({kind: 'open'})
      else if (status >= 400 && status < 500 && status !== 429) throw new FatalError(`${status}`)
      else throw new RetriableError(`${status} ${type}`)
    },
    onmessage({event, data}) {
      if (data) emit({kind: 'event', type: event || 'message', data: shorten(data), lastEventId: null})
    },
    onclose() {
      throw new RetriableError('the body has ended')
    },
    onerror(error) {
      if (error instanceof FatalError) throw error
      emit({kind: 'error', readyState: 0, message: `${error} ${error.cause ?? ''}`})
    },
  }).then(
    () => emit({kind: 'closed'}),
    (error) => emit({kind: 'closed', message: String(error)}),
  )
  return () => stop.abort()
})
