/* The control API as pages use it: `mock.get`, `mock.send`, `mock.follow`.

   Where the server was started with --control-token, the first refusal opens the dialog of the
   frame; the token is kept in this tab (sessionStorage) and goes along as `Authorization`. That is
   why event streams are read with fetch here: an EventSource cannot send a header. */

(() => {
  'use strict'

  /** Where this is reached: a proxy may have a path before it. A session's address is none of its own. */
  const PREFIX = new URL('..', document.currentScript.src).pathname.replace(/(?:\/@[^/]*)?\/_mock\/$/, '/_mock')
  const BASE = location.origin + PREFIX.slice(0, -'/_mock'.length)
  const KEPT = 'mockserver control token'
  const FIRST_WAIT = 100
  const LONGEST_WAIT = 2000
  const REFUSED_WAIT = 10000

  /** What the control API answers when it refuses: a problem document (RFC 9457), or as good. */
  class Refused extends Error {
    constructor(status, problem) {
      super(problem.detail || problem.title || `the server answers ${status}`)
      this.status = status
      this.code = problem.code || ''
      this.mend = problem.mend || ''
      this.problem = problem
    }
  }

  // --- the token -------------------------------------------------------------------------------

  let token = sessionStorage.getItem(KEPT)
  let asking = null
  /** Whether the reader would rather not say it: they are not asked again until the page is loaded anew. */
  let declined = false

  /** Return the token that the reader types, null where they would rather not; asked once at a time. */
  const askForToken = () => {
    asking ??= new Promise((resolve) => {
      const dialog = document.getElementById('token-dialog')
      const field = document.getElementById('token-field')
      if (token !== null) {
        document.getElementById('token-said').textContent = 'It was another one. It is what --control-token says.'
      }
      field.value = ''
      dialog.returnValue = ''
      dialog.addEventListener('close', () => {
        asking = null
        resolve(dialog.returnValue ? field.value : null)
      }, {once: true})
      dialog.showModal()
    })
    return asking
  }

  /** Fetch; browsers have their own words for a server that is away, which say nothing to the reader. */
  const answered = async (url, options) => {
    try {
      return await fetch(url, options)
    } catch (error) {
      if (error.name === 'AbortError') throw error
      throw new Error('the server does not answer', {cause: error})
    }
  }

  /** Fetch; asks for the token until it is right or the reader gives up. */
  const ask = async (path, options = {}) => {
    for (;;) {
      const sent = token
      const headers = {...options.headers}
      // fetch throws on characters outside Latin-1; the server reads what is sent as UTF-8.
      if (sent !== null) headers.Authorization = `Bearer ${bytewise(sent)}`
      const response = await answered(PREFIX + path, {cache: 'no-store', ...options, headers})
      if (response.status !== 401) {
        if (sent !== null) sessionStorage.setItem(KEPT, sent)
        return response
      }
      if (sent !== token) continue // given meanwhile
      const given = declined ? null : await askForToken()
      declined = given === null
      if (declined) return response
      token = given
    }
  }

  // --- asked once ------------------------------------------------------------------------------

  const refusalOf = async (response) => {
    let problem = {}
    try {
      problem = await response.json()
    } catch {
      // No problem document: the status has to do.
    }
    return new Refused(response.status, problem)
  }

  const content = async (response) => {
    if (!response.ok) throw await refusalOf(response)
    if (response.status === 204) return null
    const kind = response.headers.get('Content-Type') || ''
    return /\bjson\b/.test(kind) ? response.json() : response.text()
  }

  /** Return what `path` (after /_mock) answers: JSON as a value, else text. Throws Refused. */
  const get = async (path) => content(await ask(path))

  /** Do what `method` and `path` say; `body` goes as JSON. Returns as `get` does. Throws Refused. */
  const send = async (method, path, body) => {
    const options = {method}
    if (body !== undefined) {
      options.body = JSON.stringify(body)
      options.headers = {'Content-Type': 'application/json'}
    }
    return content(await ask(path, options))
  }

  // --- event streams ---------------------------------------------------------------------------

  /** Reads an event stream as it comes, in whatever pieces (WHATWG HTML § 9.2.5 and 9.2.6).

      `onEvent` gets {type, data, lastEventId}; `onRetry` the reconnection time in milliseconds. */
  class EventStream {
    constructor({onEvent, onRetry = () => {}, lastEventId = ''}) {
      this.onEvent = onEvent
      this.onRetry = onRetry
      this.lastEventId = lastEventId
      // "UTF-8 decode", which takes one byte order mark away and puts U+FFFD for what is none.
      this.decoder = new TextDecoder()
      this.line = ''
      this.afterReturn = false
      this.id = lastEventId
      this.clear()
    }

    clear() {
      this.type = ''
      this.data = ''
    }

    /** Take bytes; whole lines are read, the rest waits for its end. */
    push(bytes) {
      let text = this.decoder.decode(bytes, {stream: true})
      if (text === '') return
      // A line feed after a carriage return ends no line of its own, in another piece neither.
      if (this.afterReturn && text[0] === '\n') text = text.slice(1)
      if (text === '') {
        this.afterReturn = false
        return
      }
      this.afterReturn = text.endsWith('\r')
      const lines = text.split(/\r\n|\n|\r/)
      lines[0] = this.line + lines[0]
      this.line = lines.pop()
      for (const line of lines) this.take(line)
    }

    take(line) {
      if (line === '') {
        this.dispatch()
        return
      }
      const colon = line.indexOf(':')
      if (colon === 0) return
      const name = colon < 0 ? line : line.slice(0, colon)
      const rest = colon < 0 ? '' : line.slice(colon + 1)
      this.field(name, rest.startsWith(' ') ? rest.slice(1) : rest)
    }

    field(name, value) {
      if (name === 'event') this.type = value
      else if (name === 'data') this.data += `${value}\n`
      else if (name === 'id' && !value.includes('\0')) this.id = value
      else if (name === 'retry' && /^[0-9]+$/.test(value)) this.onRetry(Number(value))
    }

    dispatch() {
      this.lastEventId = this.id
      const {type, data} = this
      this.clear()
      if (data === '') return
      this.onEvent({type: type || 'message', data: data.slice(0, -1), lastEventId: this.lastEventId})
    }
  }

  /** Follow the event stream at `path` (after /_mock) for good: it comes back after every end.

      `onEvent({type, data, lastEventId})` for each event. `onState(state, told)`: "connecting",
      "connected" (an answer has begun), "lost" (told: {error, wait}, with the milliseconds until it
      tries again), "refused" (told: {error}; the server wants no such request, and is asked again only
      now and then, and when the page is looked at again: it may have been started with other options
      by then). `lastId` is sent as Last-Event-ID, if any; later the last one that came.
      `restWhileHidden` lets the connection go while nobody sees the page: a browser has six for a
      server (HTTP/1.1). Returns {close(), lastId}. */
  const follow = (path, {onEvent, onState = () => {}, lastId = '', restWhileHidden = false}) => {
    const followed = {lastId: lastId === null ? '' : String(lastId), close}
    let retry = FIRST_WAIT
    let wait = retry
    let closed = false
    let current = null
    /** The last refusal, null where the server has answered otherwise since. */
    let refusal = null
    let wake = () => {}

    function close() {
      closed = true
      current?.abort()
      wake()
    }

    const once = async () => {
      current = new AbortController()
      if (!refusal) onState('connecting', {})
      const headers = {Accept: 'text/event-stream'}
      // Not every id may stand in a header; fetch would throw, an EventSource sends UTF-8.
      if (followed.lastId !== '') headers['Last-Event-ID'] = bytewise(followed.lastId)
      const response = await ask(path, {headers, signal: current.signal})
      if (!response.ok) throw await refusalOf(response)
      if (!/^text\/event-stream\s*(;|$)/i.test(response.headers.get('Content-Type') || '')) {
        throw new Error('the answer is no event stream')
      }
      onState('connected', {})
      refusal = null
      wait = retry
      const stream = new EventStream({
        onEvent: (event) => {
          followed.lastId = event.lastEventId
          onEvent(event)
        },
        onRetry: (milliseconds) => { wait = retry = Math.min(milliseconds, LONGEST_WAIT) },
        lastEventId: followed.lastId,
      })
      const reader = response.body.getReader()
      for (;;) {
        const {done, value} = await reader.read()
        if (done) return
        if (!closed) stream.push(value)
        followed.lastId = stream.lastEventId
      }
    }

    const paused = (milliseconds) => new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

    const seen = () => new Promise((resolve) => {
      wake = resolve
      document.addEventListener('visibilitychange', resolve, {once: true})
    })

    const looked = () => {
      if (!document.hidden) {
        if (refusal) wake()
      } else if (restWhileHidden) current?.abort()
    }
    document.addEventListener('visibilitychange', looked)

    const run = async () => {
      while (!closed) {
        if (restWhileHidden && document.hidden) {
          await seen()
          continue
        }
        let error = null
        try {
          await once()
        } catch (thrown) {
          error = thrown
        }
        if (closed) break
        if (isRefusal(error)) {
          if (error.code !== refusal?.code || error.status !== refusal.status) onState('refused', {error})
          refusal = error
          await paused(REFUSED_WAIT)
          continue
        }
        refusal = null
        if (restWhileHidden && document.hidden) continue
        onState('lost', {error, wait})
        await paused(wait)
        wait = Math.min(Math.max(wait, FIRST_WAIT) * 2, LONGEST_WAIT)
      }
      document.removeEventListener('visibilitychange', looked)
    }
    run()
    return followed
  }

  /** Whether the same request would be refused again: 408 and 429 are about the moment (RFC 9110). */
  const isRefusal = (error) => error instanceof Refused && error.status >= 400 && error.status < 500
    && error.status !== 408 && error.status !== 429

  /** Return UTF-8 as the characters that fetch writes as those bytes. */
  const bytewise = (text) => String.fromCharCode(...new TextEncoder().encode(text))

  window.mock = {
    get,
    send,
    follow,
    EventStream,
    Refused,
    base: BASE,
    get token() { return token },
  }
})()
