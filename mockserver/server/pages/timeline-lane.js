/* One connection of the timeline: from its request to its end, with what is marked on it in order,
   what is still to come, and how it stands to the connections before it. */

(() => {
  'use strict'

  class Lane {
    constructor(entry, sub) {
      this.sub = sub
      this.serial = entry.serial
      this.operation = entry.operation
      this.target = entry.target
      this.connection = entry.connection
      this.at = entry.at
      this.status = entry.status
      this.lastEventId = entry.last_event_id
      this.after = entry.after
      this.hint = entry.reconnection_time
      this.notes = entry.notes || []
      this.closed = null
      this.marks = []
      this.spans = []
      this.events = 0
      this.blocks = 0
      this.lost = 0
      this.unknown = 0
      this.version = 0
      this.plan = null
    }

    /** Whether blocks have left on it: an ordinary answer has a head and no more. */
    get stream() {
      return this.blocks > 0 || (this.closed ? this.closed.blocks > 0 : this.status === 200)
    }

    /** How it stands with it, in the words of the styles. */
    get state() {
      if (!this.closed) return this.held ? 'open held' : 'open'
      return this.status >= 400 || this.status === 0 ? 'closed wrong' : 'closed'
    }

    /** When it ended, or else `now`. */
    until(now) {
      return this.closed ? this.closed.at : Math.max(now, this.last)
    }

    /** When the last thing happened that is marked on it. */
    get last() {
      const mark = this.marks[this.marks.length - 1]
      return Math.max(this.at, mark ? mark.at : this.at)
    }

    /** The span of time that has begun and not ended: a hold. */
    get openSpan() {
      const span = this.spans[this.spans.length - 1]
      return span && span.to === null ? span : null
    }

    get held() {
      return this.openSpan?.kind === 'held'
    }

    /** For how long it has been held, which all that is still to come is late by. */
    late(now) {
      return this.held ? now - this.openSpan.from : 0
    }

    /** How much it was told, as far as that is known: [number, of what]. */
    get count() {
      if (this.refused) return [this.marks.length, 'request']
      return this.unknown || !this.events ? [this.blocks, 'block'] : [this.events, 'event']
    }

    /** What is still to come at `now`: [{cue, index, at}]. What was told ends all that stood before it. */
    ahead(now) {
      if (!this.plan) return []
      const {ahead} = this.plan
      const late = this.late(now)
      let block = this.plan.blocks
      let told = 0
      for (const [i, cue] of ahead.entries()) {
        if (cue.cue !== 'send' || cue.origin !== 'script') continue
        block += 1
        if (block > this.blocks) break
        told = i + 1
      }
      const rest = ahead.slice(told).map((cue, i) => ({cue, index: told + i, at: cue.at + late}))
      return rest.filter(({cue, at}) => cue.cue !== 'send' || cue.origin === 'script' || at > now)
    }

    /** Put a mark at its place: most come at the end. */
    add(mark) {
      const {marks} = this
      let i = marks.length
      while (i > 0 && marks[i - 1].at > mark.at) i -= 1
      if (i === marks.length) marks.push(mark)
      else {
        marks.splice(i, 0, mark)
        this.version += 1
      }
      if (mark.kind === 'event') this.events += mark.n
    }

    /** Let its hold end, if there is one. */
    release(at) {
      if (this.openSpan) this.openSpan.to = at
    }

    /** End it: {at, kind, by, fault, blocks, bytes}. */
    close(closed) {
      this.closed = closed
      this.plan = null
      this.release(closed.at)
    }

    /** Let go of the marks that it has had longest. */
    forget(count) {
      this.marks.splice(0, count)
      this.lost += count
      this.version += 1
    }
  }

  /** Find the mark with this id that a connection takes up: [lane, mark], the latest before it. */
  const resumedFrom = (lane) => {
    const id = lane.lastEventId
    if (id === null || id === undefined || id === '') return null
    const {lanes} = lane.sub
    for (let i = lanes.indexOf(lane) - 1; i >= 0; i -= 1) {
      const mark = lanes[i].marks.findLast((one) => one.id === id)
      if (mark) return [lanes[i], mark]
    }
    return null
  }

  /** Whether a client came back as it was told to. */
  const kept = (away, told) => {
    // Timers of browsers are right to a few milliseconds.
    if (away < told - 0.02) return 'early'
    return away > told + Math.max(1, told) ? 'late' : 'kept'
  }

  /** Return how long a client was away before a connection, against what it was told: or null. */
  const absence = (lane) => {
    const away = lane.after
    if (away === null || away === undefined) return null
    const told = lane.hint ?? null
    const verdict = told === null ? 'untold' : kept(away, told)
    return {from: lane.at - away, to: lane.at, away, told, verdict}
  }

  const ENDS = {end: 'ended', drop: 'dropped', reset: 'reset'}
  const WHO = {script: 'by the script', client: 'by the client', test: 'by a test', server: 'by the server'}

  /** Say how a connection ended, and who did it. */
  const endOf = (closed) => {
    if (closed.over) return 'the story is over: 204 tells the client to stay away'
    if (closed.by === 'client') return 'the client left'
    return `${ENDS[closed.kind] || closed.kind} ${WHO[closed.by] || closed.by}`
  }

  globalThis.timelineLane = {Lane, absence, endOf, resumedFrom}
})()
