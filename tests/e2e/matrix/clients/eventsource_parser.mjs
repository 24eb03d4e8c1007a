// eventsource-parser parses and does no more. The loop around it is ours, the shortest one that
// makes use of everything the parser reports: fetch, its own stream, wait for what `retry` said, come
// back with the last ID. It gives up when the answer is no event stream.

import {setTimeout as wait} from 'node:timers/promises'
import {EventSourceParserStream} from 'eventsource-parser/stream'
import {driveLoop, shorten} from './drive.mjs'

driveLoop(async ({url, method, headers, body}, emit, signal) => {
  let lastEventId = ''
  let retry = 1000
  for (;;) {
    const resume = lastEventId ? {'Last-Event-ID': lastEventId} : {}
    try {
      const response = await fetch(url, {
        method,
        body,
        headers: {Accept: 'text/event-stream', ...headers, ...resume},
        cache: 'no-store',
        signal,
      })
      const type = response.headers.get('content-type') ?? ''
      if (response.status !== 200 || !type.startsWith('text/event-stream')) {
        return `${response.status} ${type}`
      }
      emit({kind: 'open'})
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({onRetry: (time) => (retry = time)}))
      for await (const {event, data, id} of events) {
        lastEventId = id ?? lastEventId
        emit({kind: 'event', type: event ?? 'message', data: shorten(data), lastEventId})
      }
      emit({kind: 'error', readyState: 0, message: 'the body has ended'})
    } catch (error) {
      if (signal.aborted) return 'stopped'
      emit({kind: 'error', readyState: 0, message: `${error} ${error.cause ?? ''}`})
    }
    await wait(retry, undefined, {signal})
  }
})
