/* What the timeline knows: the entries of the journal's live stream, made into sessions,
   subscriptions, connections (lanes) and what is marked on them. It knows neither page nor network.

   Times are seconds of a session's clock. Everything is bounded: of a session the last MARKS marks
   and LANES connections are kept, and it counts what it lets go. */

(() => {
  'use strict'

  const MARKS = 20000
  const LANES = 2000
  const PREVIEW = 60
  const STRANGERS = 1000

  const {firstLeaf} = globalThis.writtenJson

  /** One line of what `text` says: of JSON, the first thing that it says. */
  const preview = (data) => {
    const text = firstLeaf(data) ?? data
    const line = text.replace(/\s+/g, ' ').trim()
    return line.length > PREVIEW ? `${line.slice(0, PREVIEW - 1)}…` : line
  }

  /** Say of what kind a block is, by the fields that it was written with. */
  const kindOf = (fields) => {
    if ('data' in fields) return 'event'
    if ('raw' in fields) return 'raw'
    if ('comment' in fields) return 'comment'
    return 'retry' in fields ? 'retry' : 'field'
  }

  /** Return the mark of a block: number `block` of its connection, at `at`. */
  const markOf = (fields, block, at) => {
    const kind = kindOf(fields)
    const text = fields.data ?? fields.comment ?? fields.raw ?? ''
    const mark = {at, kind, block, n: 1, type: kind === 'event' ? fields.type || 'message' : '', text: preview(text)}
    if (fields.id !== undefined) mark.id = fields.id
    if (fields.retry !== undefined) mark.retry = Number(fields.retry) / 1000
    if (fields.incomplete || fields.raw !== undefined) mark.torn = true
    if (fields.bytes !== undefined) mark.bytes = fields.bytes
    return mark
  }

  /** One connection: from its request to its end, with what is marked on it in order. */
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
      this.retry = null
      this.faults = 0
      this.version = 0
      this.plan = null
    }

    /** Whether blocks have left on it: an ordinary answer has a head and no more. */
    get stream() {
      return this.blocks > 0 || (this.status === 200 && !this.closed) || (this.closed !== null && this.closed.blocks > 0)
    }

    /** When it ended, or else `now`. */
    until(now) {
      return this.closed ? this.closed.at : Math.max(now, this.last)
    }

    get last() {
      const mark = this.marks[this.marks.length - 1]
      return Math.max(this.at, mark ? mark.at : this.at)
    }

    get held() {
      const span = this.spans[this.spans.length - 1]
      return Boolean(span && span.kind === 'held' && span.to === null)
    }

    /** How much it was told, as far as that is known: [number, of what]. */
    get count() {
      if (this.refused) return [this.marks.length, 'requests']
      return this.unknown || !this.events ? [this.blocks, 'blocks'] : [this.events, 'events']
    }

    /** What is still to come at `now`: [{cue, index, at}]. What was told ends all that stood before it. */
    ahead(now) {
      if (!this.plan) return []
      const {ahead} = this.plan
      const span = this.spans[this.spans.length - 1]
      const late = this.held ? now - span.from : 0
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
      const marks = this.marks
      let i = marks.length
      while (i > 0 && marks[i - 1].at > mark.at) i -= 1
      if (i === marks.length) marks.push(mark)
      else {
        marks.splice(i, 0, mark)
        this.version += 1
      }
      if (mark.kind === 'event') this.events += mark.n
      if (mark.retry !== undefined) this.retry = mark.retry
    }
  }

  /** One client's way through a scenario. */
  class Subscription {
    constructor(entry, number) {
      this.number = number
      this.subscription = entry.subscription
      this.scenario = entry.scenario
      this.operation = entry.operation
      this.target = entry.target
      this.lanes = []
    }

    get last() {
      return this.lanes[this.lanes.length - 1]
    }
  }

  const path = (target) => target.split('?')[0]

  class Session {
    constructor(name) {
      this.name = name
      this.clear()
    }

    clear() {
      this.lanes = new Map()
      this.subs = []
      this.byScenario = new Map()
      this.refused = 0
      this.numbered = 0
      this.types = new Map()
      this.tones = new Map()
      this.operations = new Map()
      this.marks = 0
      this.events = 0
      this.unknown = 0
      this.strangers = new Set()
      this.entries = 0
      this.lostMarks = 0
      this.lostLanes = 0
      this.last = 0
      this.active = 0
      this.shape = (this.shape || 0) + 1
      this.changed = (this.changed || 0) + 1
      this.gone = ''
    }

    get connections() {
      return this.lanes.size - this.lanes.has('refused') + this.lostLanes
    }

    get open() {
      let open = 0
      for (const lane of this.lanes.values()) if (!lane.closed) open += 1
      return open
    }

    /** What is said of how much it was told: blocks may be known by their number alone. */
    get told() {
      if (!this.unknown) return `${this.events} events`
      return this.events ? `at least ${this.events} events` : `${this.unknown} blocks`
    }

    /** Return the subscription that an opened connection belongs to; a new one where it has none. */
    subscriptionOf(entry) {
      const key = `${entry.scenario}\n${entry.subscription}`
      const known = this.byScenario.get(key) || []
      if (entry.connection !== 1) {
        const waiting = known.filter((sub) => entry.connection === 0 || sub.last.connection === entry.connection - 1)
        const found = waiting.findLast((sub) => sub.target === entry.target)
          || waiting.findLast((sub) => path(sub.target) === path(entry.target)) || waiting[waiting.length - 1]
        if (found) return found
      }
      const made = new Subscription(entry, this.numbered += 1)
      known.push(made)
      this.byScenario.set(key, known)
      this.subs.push(made)
      return made
    }

    opened(entry) {
      const serial = entry.serial || `answer ${entry.number}`
      const lane = new Lane({...entry, serial}, this.subscriptionOf(entry))
      lane.sub.lanes.push(lane)
      this.lanes.set(serial, lane)
      // An answer that no scenario gives is told when it has been given.
      if (!entry.serial) lane.closed = {at: entry.at, kind: 'end', by: 'server', fault: '', blocks: 0, bytes: null}
      if (entry.connection === 0 && entry.serial) lane.closed = {at: entry.at, kind: 'end', by: 'script', fault: '', blocks: 0, bytes: 0, over: true}
      this.operations.set(entry.operation, (this.operations.get(entry.operation) || 0) + 1)
      this.shape += 1
      return lane
    }

    sent(entry, lane) {
      lane.blocks = Math.max(lane.blocks, entry.last)
      if (entry.events && entry.events.length === entry.last - entry.first + 1) {
        entry.events.forEach((fields, i) => this.mark(lane, markOf(fields, entry.first + i, entry.at)))
        return
      }
      const n = entry.last - entry.first + 1
      lane.unknown += n
      this.unknown += n
      this.mark(lane, {at: entry.at, kind: 'blocks', block: entry.first, n, type: '', text: ''})
    }

    mark(lane, mark) {
      lane.add(mark)
      this.marks += 1
      if (mark.kind === 'event') {
        this.events += 1
        this.types.set(mark.type, (this.types.get(mark.type) || 0) + 1)
      }
    }

    /** Put what a request was told in the place of stretches of which only the numbers were known. */
    unfold(serial, blocks) {
      const lane = this.lanes.get(serial)
      if (!lane) return
      const told = new Map(blocks.filter((b) => b.block !== null).map((b) => [b.block, b]))
      const marks = []
      for (const mark of lane.marks) {
        if (mark.kind !== 'blocks') {
          marks.push(mark)
          continue
        }
        let block = mark.block
        const end = mark.block + mark.n
        while (block < end && told.has(block)) {
          const found = told.get(block)
          const made = markOf({...found.fields, bytes: found.bytes}, block, mark.at)
          marks.push(made)
          if (made.kind === 'event') {
            lane.events += 1
            this.events += 1
            this.types.set(made.type, (this.types.get(made.type) || 0) + 1)
          }
          if (made.retry !== undefined) lane.retry = made.retry
          lane.unknown -= 1
          this.unknown -= 1
          block += 1
        }
        if (block < end) marks.push({...mark, block, n: end - block})
      }
      this.marks += marks.length - lane.marks.length
      lane.marks = marks
      lane.version += 1
      this.trim()
    }

    laneOf(entry) {
      return this.lanes.get(entry.serial)
    }

    /** Find the connection of an entry that knows no serial: by all else that it knows. */
    laneLike(entry) {
      let found
      for (const lane of this.lanes.values()) {
        if (lane.sub.scenario === entry.scenario && lane.sub.subscription === entry.subscription
          && lane.connection === entry.connection && lane.target === entry.target) found = lane
      }
      return found
    }

    closed(entry, lane) {
      lane.closed = {at: entry.at, kind: entry.ending, by: entry.by, fault: entry.fault, blocks: entry.blocks, bytes: entry.bytes}
      lane.plan = null
      const span = lane.spans[lane.spans.length - 1]
      if (span && span.to === null) span.to = entry.at
    }

    paused(entry, lane) {
      if (entry.held === null) {
        lane.spans.push({kind: 'held', from: entry.at, to: null, text: 'held by a test'})
        return
      }
      const span = lane.spans[lane.spans.length - 1]
      if (span && span.to === null) span.to = entry.at
    }

    awaited(entry, lane) {
      lane.spans.push({kind: entry.met ? 'met' : 'unmet', from: entry.at - entry.after, to: entry.at, text: entry.name})
      this.mark(lane, {at: entry.at, kind: 'await', n: 1, type: '', met: entry.met, text: `${entry.name} ${entry.met ? 'came' : 'did not come in time'}`})
    }

    called(entry, lane) {
      const got = entry.status ? `answered ${entry.status}` : entry.fault || entry.code
      this.mark(lane, {at: entry.at, kind: 'call', n: 1, type: '', failed: !entry.status, text: `${entry.method} ${entry.url}, ${got}`, entry})
    }

    pushed(entry, lane) {
      const kind = entry.raw ? 'raw' : entry.event === null && !/^data/m.test(entry.data) ? 'comment' : 'event'
      const data = entry.raw ? entry.data : entry.data.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(6)).join('\n')
      const mark = {at: entry.at, kind, n: 1, type: kind === 'event' ? entry.event || 'message' : '', pushed: true, unsent: !entry.sent, text: preview(data || entry.data), bytes: entry.size, entry}
      if (entry.id !== null) mark.id = entry.id
      this.mark(lane, mark)
    }

    violated(entry, lane) {
      if (lane) lane.faults += 1
      if (lane) this.mark(lane, {at: entry.at, kind: 'breach', n: 1, type: '', text: entry.faults[0] || '', entry})
    }

    beat(entry, lane) {
      this.mark(lane, {at: entry.at, kind: 'beat', n: 1, type: '', text: 'heartbeat'})
    }

    /** Requests that were refused belong to nobody's story: they have a strip of their own. */
    refusal(entry) {
      const lane = this.lanes.get('refused') || this.refusals(entry)
      lane.closed = {at: entry.at, kind: 'end', by: 'server', fault: '', blocks: 0, bytes: 0}
      this.mark(lane, {at: entry.at, kind: 'refused', n: 1, type: '', text: `${entry.status} ${entry.target}`, entry})
      this.refused += 1
    }

    refusals(entry) {
      const about = {operation: '', target: '', scenario: '', subscription: 0, connection: 0, at: entry.at, status: null, last_event_id: null}
      const sub = new Subscription({...about, operation: 'Refused requests'}, 0)
      const lane = new Lane({...about, serial: 'refused'}, sub)
      lane.refused = true
      sub.lanes.push(lane)
      this.subs.unshift(sub)
      this.lanes.set('refused', lane)
      this.shape += 1
      return lane
    }

    /** Let go of the oldest marks and connections beyond what is kept. */
    trim() {
      if (this.marks > MARKS) {
        for (const lane of this.lanes.values()) {
          const gone = Math.min(lane.marks.length, this.marks - Math.floor(MARKS * 0.9))
          if (gone > 0) this.forgetMarks(lane, gone)
          if (this.marks <= MARKS * 0.9) break
        }
      }
      if (this.lanes.size > LANES) this.forgetLanes()
    }

    forgetMarks(lane, count) {
      lane.marks.splice(0, count)
      lane.lost += count
      lane.version += 1
      this.marks -= count
      this.lostMarks += count
    }

    forgetLanes() {
      for (const lane of [...this.lanes.values()]) {
        if (this.lanes.size <= LANES * 0.9) break
        if (!lane.closed || lane.refused) continue
        this.lanes.delete(lane.serial)
        this.marks -= lane.marks.length
        this.lostLanes += 1
        const sub = lane.sub
        sub.lanes.splice(sub.lanes.indexOf(lane), 1)
        if (!sub.lanes.length) {
          this.subs.splice(this.subs.indexOf(sub), 1)
          const key = `${sub.scenario}\n${sub.subscription}`
          this.byScenario.set(key, this.byScenario.get(key).filter((one) => one !== sub))
        }
      }
      this.shape += 1
    }
  }

  /** Everything that the page knows, of all sessions. */
  class Timeline {
    constructor() {
      this.run = ''
      this.sessions = new Map()
      this.entries = 0
      this.missed = 0
    }

    session(name) {
      let session = this.sessions.get(name)
      if (!session) this.sessions.set(name, session = new Session(name))
      return session
    }

    /** Forget everything: another run of the server has begun. */
    clear() {
      this.sessions.clear()
      this.entries = this.missed = 0
    }

    /** Take the data of an event of the live stream; returns the session that has changed, if any.

        The first event of another run than the one that was followed is told by `onRun`. */
    take(entry) {
      if (entry.kind === 'dropped') {
        this.missed += entry.count || 0
        return null
      }
      if (!entry.session) return null
      const session = this.session(entry.session)
      session.changed += 1
      if (entry.kind === 'reset' || entry.kind === 'deleted') {
        session.clear()
        session.gone = entry.kind === 'deleted' ? 'deleted' : ''
        return session
      }
      this.entries += 1
      session.entries += 1
      session.gone = ''
      if (entry.at !== undefined && entry.at > session.last) session.last = entry.at
      this.note(session, entry)
      session.trim()
      return session
    }

    note(session, entry) {
      const {kind} = entry
      if (kind === 'opened') {
        session.opened(entry)
        return
      }
      if (kind === 'refused') {
        session.refusal(entry)
        return
      }
      const lane = kind === 'violated' ? session.laneLike(entry) : session.laneOf(entry)
      if (!lane) {
        // Its beginning was gone before it could be told.
        if (typeof entry.serial === 'number' && session.strangers.size < STRANGERS) session.strangers.add(entry.serial)
        return
      }
      if (HANDLED.has(kind)) session[kind](entry, lane)
      session.shape += kind === 'closed' ? 1 : 0
    }
  }
  const HANDLED = new Set(['sent', 'closed', 'paused', 'awaited', 'called', 'pushed', 'violated', 'beat'])

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

  /** Return how long a client was away before a connection, against what it was told: or null. */
  const absence = (lane) => {
    if (lane.after === null || lane.after === undefined) return null
    const told = lane.hint
    const from = lane.at - lane.after
    if (told === null || told === undefined) return {from, to: lane.at, away: lane.after, told: null, verdict: 'untold'}
    // Timers of browsers are right to a few milliseconds.
    const verdict = lane.after < told - 0.02 ? 'early' : lane.after > told + Math.max(1, told) ? 'late' : 'kept'
    return {from, to: lane.at, away: lane.after, told, verdict}
  }

  const ENDS = {end: 'ended', drop: 'dropped', reset: 'reset'}
  const WHO = {script: 'by the script', client: 'by the client', test: 'by a test', server: 'by the server'}

  /** Say how a connection ended, and who did it. */
  const endOf = (closed) => {
    if (closed.over) return 'the story is over: 204 tells the client to stay away'
    if (closed.by === 'client') return 'the client left'
    return `${ENDS[closed.kind] || closed.kind} ${WHO[closed.by] || closed.by}`
  }

  /** Return which subscriptions and lanes are to be seen: [{sub, lanes}]. */
  const rowsOf = (session, {operation = '', type = '', streams = false} = {}) => {
    const rows = []
    for (const sub of session.subs) {
      const lanes = sub.lanes.filter((lane) => (!operation || lane.operation === operation)
        && (!lane.refused || !(type || streams)) && (!type || lane.unknown > 0 || lane.marks.some((mark) => mark.type === type))
        && (!streams || lane.stream))
      if (lanes.length) rows.push({sub, lanes})
    }
    return rows
  }

  globalThis.timelineModel = {Timeline, MARKS, LANES, absence, endOf, markOf, resumedFrom, rowsOf}
})()
