/* A story as `explain` tells it, made into what pages show of it.

   `story.read` turns the answer of /_mock/scenarios/{name}/explain into connections with items; what
   a client makes of the bytes is found with the pages' own reader of event streams. */

(() => {
  'use strict'

  const {duration} = times
  const encoder = new TextEncoder()
  const ENDS = ['end', 'drop', 'reset']

  const bytesOf = (cue) =>
    cue.base64 === undefined ? encoder.encode(cue.text) : Uint8Array.from(atob(cue.base64), (c) => c.charCodeAt(0))

  const textOf = (cue) => (cue.base64 === undefined ? cue.text : new TextDecoder().decode(bytesOf(cue)))

  const size = (count) => (count < 1000 ? `${count} bytes` : `${(count / 1000).toFixed(1)} kB`)

  const header = (head, name) => head.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? ''

  /** Reads one connection; `reader` is kept for the next one, as an event source is. */
  class Lane {
    constructor(told, reader) {
      this.number = told.connection
      this.lastEventId = told.last_event_id
      this.head = told.head
      this.notes = told.notes
      this.items = []
      this.end = null
      this.held = false
      this.reader = reader
      this.begin(told)
      for (const cue of told.cues) this.take(cue)
      if (!told.goes_on) return
      const last = this.items.at(-1)
      if (!this.held) this.add({kind: 'more', at: this.last, words: 'and so on'})
      else if (last.kind === 'comment') Object.assign(last, {label: '…', words: `${last.words}, and so on`})
    }

    get last() {
      return this.items.at(-1)?.at ?? 0
    }

    /** The moment at which nothing more comes. */
    get lasts() {
      return Math.max(0, ...this.items.map((item) => (Number.isFinite(item.until) ? item.until : item.at)))
    }

    add(item) {
      this.items.push({label: '', ...item})
    }

    begin(told) {
      const {head, delay} = told
      if (delay === null) {
        this.add({kind: 'hold', at: 0, until: Infinity, words: 'the answer never comes'})
        this.held = true
        return
      }
      this.delay = delay
      if (head === null) return
      this.mediaType = header(head, 'content-type')
      this.events = /^text\/event-stream/i.test(this.mediaType)
      const words = `${head.status} ${head.reason}`.trim()
      this.add({kind: 'head', at: delay, label: String(head.status), words, status: head.status, head})
      if (told.body === null) return
      const text = textOf(told.body)
      if (text !== '') {
        const bodyWords = `body, ${size(told.body.size ?? bytesOf(told.body).length)}`
        this.add({kind: 'body', at: delay, label: 'body', words: bodyWords, text, size: told.body.size})
      }
      this.add({kind: 'end', at: delay, label: '', words: 'the answer is complete', quiet: true})
      this.end = 'end'
    }

    take(cue) {
      if (cue.cue === 'send') this.send(cue)
      else if (cue.cue === 'hold' || cue.cue === 'stall') this.hold(cue)
      else if (cue.cue === 'call') this.call(cue)
      else if (cue.cue === 'await') this.wait(cue)
      else if (ENDS.includes(cue.cue)) {
        const words = {
          end: 'the server ends the stream',
          drop: 'the server closes without finishing (FIN)',
          reset: 'the server resets the connection (RST)',
        }
        this.end = cue.cue
        this.add({kind: cue.cue, at: cue.offset, label: cue.cue, words: words[cue.cue]})
      } else this.add({kind: 'bytes', at: cue.offset, label: cue.cue, words: cue.cue})
    }

    send(cue) {
      const at = cue.offset
      const text = textOf(cue)
      const common = {at, text, byte: cue.at_byte, size: cue.size, where: cue.where}
      if (!this.events) {
        this.add({...common, kind: 'event', type: 'item', id: '', data: text.trim(), words: 'item'})
        return
      }
      const {events, retry} = this.reader.read(this.whole(cue, text))
      for (const {type, data, lastEventId} of events) {
        const named = /^id(:|$)/m.test(text)
        const id = named ? lastEventId : ''
        this.add({...common, kind: 'event', type, id, data, label: id, retry, words: `event ${type}`})
      }
      if (events.length > 0) return
      if (retry !== null) {
        const label = `retry ${duration(retry / 1000)}`
        this.add({...common, kind: 'retry', label, words: `${label}: how long the client waits before it comes back`})
      } else if (/^(:[^\r\n]*[\r\n]*)+$/.test(text)) this.comment(common)
      else this.add({...common, kind: 'bytes', label: 'bytes', words: `${size(cue.size ?? bytesOf(cue).length)} that make no event yet`})
    }

    /** Return the bytes of a block. One that is too long to be shown whole ends where it is cut, so that
        it can be told what it is; in the middle of a line nobody knows what becomes of it. */
    whole(cue, text) {
      if (cue.size === undefined) return bytesOf(cue)
      return this.reader.inLine ? new Uint8Array() : encoder.encode(`${text}\n\n`)
    }

    comment(common) {
      const before = this.items.at(-1)
      const said = common.text.replace(/^:\s?/, '').trim()
      if (before?.kind === 'comment' && before.text === common.text) {
        before.count += 1
        before.until = common.at
        before.words = `comment ${said} ${before.count} times, until ${duration(common.at)}`.replace('  ', ' ')
        before.label = `×${before.count}`
        return
      }
      this.add({...common, kind: 'comment', count: 1, words: said ? `comment: ${said}` : 'heartbeat, an empty comment'})
    }

    hold(cue) {
      const until = cue.until === null ? Infinity : cue.until
      const silent = cue.cue === 'stall' ? ', and not even heartbeats' : ''
      if (until === Infinity) this.held = true
      const words = until === Infinity ? `held open${silent}` : `nothing for ${duration(until - cue.offset)}${silent}`
      this.add({kind: cue.cue, at: cue.offset, until, words})
    }

    call(cue) {
      const words = `calls ${cue.method} ${cue.url || 'nowhere'}${cue.wait ? ', and waits for the answer' : ''}`
      const text = cue.fault ? `not sent: ${cue.fault}` : cue.body ? textOf(cue.body) : ''
      this.add({kind: 'call', at: cue.offset, label: cue.name, words, text, fault: cue.fault})
    }

    wait(cue) {
      const time = cue.timeout === null ? '' : cue.met ? ` for ${duration(cue.timeout)} at most` : ` in vain for ${duration(cue.timeout)}`
      this.add({kind: 'await', at: cue.offset, until: cue.until ?? undefined, label: cue.name, words: `waits for ${cue.name}${time}`})
    }
  }

  /** What an event source keeps between its connections. */
  class Reader {
    constructor() {
      this.lastEventId = ''
      this.time = null
    }

    begin() {
      this.found = []
      this.stream = new mock.EventStream({
        onEvent: (event) => this.found.push(event),
        onRetry: (milliseconds) => { this.time = this.told = milliseconds },
        lastEventId: this.lastEventId,
      })
    }

    /** Whether a line has begun and not ended. */
    get inLine() {
      return this.stream.line !== ''
    }

    /** Return the events that these bytes complete, and the reconnection time that they tell. */
    read(bytes) {
      this.found = []
      this.told = null
      this.stream.push(bytes)
      this.lastEventId = this.stream.lastEventId
      return {events: this.found, retry: this.told}
    }
  }

  /** Return {lanes, afterwards, expect, request}; between two lanes, `lane.wait` is how long the client
      stays away after it, in milliseconds, or null where that is up to the client. */
  const read = (explained) => {
    const reader = new Reader()
    const lanes = explained.connections.map((told) => {
      reader.begin()
      const lane = new Lane(told, reader)
      lane.wait = reader.time
      return lane
    })
    return {...explained, lanes}
  }

  /** Return a sentence or two that say what the picture shows. */
  const told = ({lanes}) => {
    const parts = lanes.map((lane, index) => {
      const events = lane.items.filter((item) => item.kind === 'event').length
      const with_ = lane.lastEventId ? ` with Last-Event-ID ${lane.lastEventId}` : ''
      const head = lane.head ? `${lane.head.status}` : 'no answer'
      const count = `${events} ${events === 1 ? 'event' : 'events'}`
      const end = lane.held ? 'held open' : lane.end ? `${lane.end} after ${duration(lane.lasts)}` : 'and so on'
      const then = lanes[index + 1] ? ` ${absence(lane)}.` : ''
      return `Connection ${lane.number}${with_}: ${head}, ${count}, ${end}.${then}`
    })
    return parts.join(' ')
  }

  /** Return how long the client stays away after a connection, in few words. */
  const away = (lane) => {
    if (lane.held) return 'leaves, comes back'
    const asked = lane.head && lane.head.status !== 200 ? header(lane.head, 'retry-after') : ''
    if (asked) return `Retry-After: ${asked}`
    return lane.wait === null ? 'in its own time' : `waits ${duration(lane.wait / 1000)}`
  }

  /** Return the same as a sentence. */
  const absence = (lane) => {
    const words = away(lane)
    if (lane.held) return 'The client leaves and comes back'
    return words.startsWith('waits') ? `The client comes back after ${words.slice(6)}` : `The client comes back (${words})`
  }

  window.story = {read, told, away, absence, size}
})()
