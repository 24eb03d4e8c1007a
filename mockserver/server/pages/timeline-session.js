/* One session of the timeline: its connections, what its entries do to them, and how much it knows.

   Times are seconds of the session's clock. Everything is bounded: the last MARKS marks and LANES
   connections are kept, and it counts what it lets go. */

(() => {
  'use strict'

  const MARKS = 20000
  const LANES = 2000
  const STRANGERS = 1000
  /** How much of a bound is kept when it is reached: so it is not reached with every entry. */
  const KEPT = 0.9

  const {counted} = globalThis.times
  const {markOf, pushedMark} = globalThis.timelineBlocks
  const {Lane} = globalThis.timelineLane
  const {Subscriptions} = globalThis.timelineSubscriptions

  const NOTHING = {fault: '', blocks: 0, bytes: 0}

  class Session {
    constructor(name) {
      this.name = name
      this.shape = 0
      this.changed = 0
      this.clear()
    }

    clear() {
      this.lanes = new Map()
      this.subscriptions = new Subscriptions()
      this.types = new Map()
      this.tones = new Map()
      this.operations = new Map()
      this.marks = 0
      this.events = 0
      this.unknown = 0
      this.strangers = new Set()
      this.lostMarks = 0
      this.lostLanes = 0
      this.last = 0
      this.shape += 1
      this.changed += 1
      this.gone = ''
    }

    // --- what it knows -----------------------------------------------------------------------

    get subs() {
      return this.subscriptions.list
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
      const events = counted(this.events, 'event')
      if (!this.unknown) return events
      return this.events ? `at least ${events}` : counted(this.unknown, 'block')
    }

    // --- entries -----------------------------------------------------------------------------

    /** Take an entry of the journal. */
    take(entry) {
      const {kind} = entry
      if (entry.at !== undefined && entry.at > this.last) this.last = entry.at
      if (kind === 'opened') this.opened(entry)
      else if (kind === 'refused') this.refusal(entry)
      else this.happened(entry, kind === 'violated' ? this.laneLike(entry) : this.lanes.get(entry.serial))
      this.trim()
    }

    /** Note what has happened on a connection. */
    happened(entry, lane) {
      const {kind, serial} = entry
      if (lane) {
        if (OF_LANES.has(kind)) this[kind](entry, lane)
        return
      }
      // Its beginning was gone before it could be told.
      if (typeof serial === 'number' && this.strangers.size < STRANGERS) this.strangers.add(serial)
    }

    /** Find the connection of an entry that knows no serial: by all else that it knows. */
    laneLike(entry) {
      let found
      for (const lane of this.lanes.values()) {
        const {scenario, subscription} = lane.sub
        if (scenario === entry.scenario && subscription === entry.subscription
          && lane.connection === entry.connection && lane.target === entry.target) found = lane
      }
      return found
    }

    opened(entry) {
      const serial = entry.serial || `answer ${entry.number}`
      const lane = new Lane({...entry, serial}, this.subscriptions.of(entry))
      lane.sub.lanes.push(lane)
      this.lanes.set(serial, lane)
      const {at} = entry
      // An answer that no scenario gives is told when it has been given.
      if (!entry.serial) lane.closed = {...NOTHING, at, kind: 'end', by: 'server', bytes: null}
      else if (entry.connection === 0) lane.closed = {...NOTHING, at, kind: 'end', by: 'script', over: true}
      this.operations.set(entry.operation, (this.operations.get(entry.operation) || 0) + 1)
      this.shape += 1
      return lane
    }

    sent({at, first, last, events}, lane) {
      lane.blocks = Math.max(lane.blocks, last)
      const n = last - first + 1
      if (events && events.length === n) {
        events.forEach((fields, i) => this.mark(lane, markOf(fields, first + i, at)))
        return
      }
      lane.unknown += n
      this.unknown += n
      this.mark(lane, {at, kind: 'blocks', block: first, n, type: '', text: ''})
    }

    closed({at, ending, by, fault, blocks, bytes}, lane) {
      lane.close({at, kind: ending, by, fault, blocks, bytes})
      this.shape += 1
    }

    paused({at, held}, lane) {
      if (held === null) lane.spans.push({kind: 'held', from: at, to: null, text: 'held by a test'})
      else lane.release(at)
    }

    awaited({at, after, met, name}, lane) {
      lane.spans.push({kind: met ? 'met' : 'unmet', from: at - after, to: at, text: name})
      const text = `${name} ${met ? 'came' : 'did not come in time'}`
      this.mark(lane, {at, kind: 'await', n: 1, type: '', met, text})
    }

    called(entry, lane) {
      const got = entry.status ? `answered ${entry.status}` : entry.fault || entry.code
      const text = `${entry.method} ${entry.url}, ${got}`
      this.mark(lane, {at: entry.at, kind: 'call', n: 1, type: '', failed: !entry.status, text, entry})
    }

    pushed(entry, lane) {
      this.mark(lane, pushedMark(entry))
    }

    violated(entry, lane) {
      this.mark(lane, {at: entry.at, kind: 'breach', n: 1, type: '', text: entry.faults[0] || '', entry})
    }

    beat({at}, lane) {
      this.mark(lane, {at, kind: 'beat', n: 1, type: '', text: 'heartbeat'})
    }

    /** Requests that were refused belong to nobody's story: they have a strip of their own. */
    refusal(entry) {
      const {at, status, target} = entry
      const lane = this.lanes.get('refused') || this.refusals(at)
      lane.closed = {...NOTHING, at, kind: 'end', by: 'server'}
      this.mark(lane, {at, kind: 'refused', n: 1, type: '', text: `${status} ${target}`, entry})
    }

    refusals(at) {
      const nobody = {operation: '', target: '', scenario: '', subscription: 0, connection: 0, status: null, last_event_id: null}
      const lane = new Lane({...nobody, at, serial: 'refused'}, this.subscriptions.refused(nobody))
      lane.refused = true
      lane.sub.lanes.push(lane)
      this.lanes.set('refused', lane)
      this.shape += 1
      return lane
    }

    // --- marks -------------------------------------------------------------------------------

    mark(lane, mark) {
      lane.add(mark)
      this.marks += 1
      if (mark.kind === 'event') this.counted(mark)
    }

    counted(event) {
      this.events += 1
      this.types.set(event.type, (this.types.get(event.type) || 0) + 1)
    }

    /** Put what a request was told in the place of stretches of which only the numbers were known. */
    unfold(serial, blocks) {
      const lane = this.lanes.get(serial)
      if (!lane) return
      const told = new Map(blocks.filter((one) => one.block !== null).map((one) => [one.block, one]))
      const marks = lane.marks.flatMap((mark) => (mark.kind === 'blocks' ? this.unfolded(lane, mark, told) : [mark]))
      this.marks += marks.length - lane.marks.length
      lane.marks = marks
      lane.version += 1
      this.trim()
    }

    /** Return the marks of a stretch, as far as its blocks are `told`, and what is left of it. */
    unfolded(lane, stretch, told) {
      const end = stretch.block + stretch.n
      const found = []
      let {block} = stretch
      for (; block < end && told.has(block); block += 1) {
        const {fields, bytes} = told.get(block)
        const mark = markOf({...fields, bytes}, block, stretch.at)
        found.push(mark)
        if (mark.kind !== 'event') continue
        lane.events += 1
        this.counted(mark)
      }
      lane.unknown -= found.length
      this.unknown -= found.length
      if (block < end) found.push({...stretch, block, n: end - block})
      return found
    }

    // --- bounds ------------------------------------------------------------------------------

    /** Let go of the oldest marks and connections beyond what is kept. */
    trim() {
      if (this.marks > MARKS) this.forgetMarks()
      if (this.lanes.size > LANES) this.forgetLanes()
    }

    forgetMarks() {
      const kept = Math.floor(MARKS * KEPT)
      for (const lane of this.lanes.values()) {
        if (this.marks <= kept) return
        const gone = Math.min(lane.marks.length, this.marks - kept)
        if (gone) lane.forget(gone)
        this.marks -= gone
        this.lostMarks += gone
      }
    }

    forgetLanes() {
      for (const lane of [...this.lanes.values()]) {
        if (this.lanes.size <= LANES * KEPT) break
        if (!lane.closed || lane.refused) continue
        this.lanes.delete(lane.serial)
        this.subscriptions.forget(lane)
        this.marks -= lane.marks.length
        this.lostLanes += 1
      }
      this.shape += 1
    }
  }

  const OF_LANES = new Set(['sent', 'closed', 'paused', 'awaited', 'called', 'pushed', 'violated', 'beat'])

  globalThis.timelineSession = {Session, MARKS, LANES}
})()
