/* What the timeline page asks of the server besides the journal: how sessions stand, the verdict and
   coverage of the one that is shown, and of connections in view what is still to come. */

(() => {
  'use strict'

  /** Milliseconds between looks at what is in view, and between questions about one connection. */
  const LOOK = 150
  const PLAN_AGAIN = 4000
  const AT_ONCE = 2
  /** How many connections it is known of when they were asked for. */
  const REMEMBERED = 500
  /** Blocks of a connection beyond which nothing is asked of it: the answer would take too long. */
  const UNFOLDED = 2000
  const PLANNED = 5000
  /** Seconds in which nothing happens on a connection that has come to a rest. */
  const REST = 0.4

  const RANK = {passed: 0, pending: 1, failed: 2}

  const of = (session) => `/sessions/${encodeURIComponent(session.name)}`

  /** Return the worst that was said of each subscription. */
  const verdictsOf = ({scenarios}) => {
    const found = new Map()
    for (const {scenario, expectations} of scenarios) {
      for (const {subscription, target, status} of expectations.flatMap(({judged}) => judged)) {
        const key = `${scenario}\n${subscription}\n${target}`
        if (!found.has(key) || RANK[status] > RANK[found.get(key)]) found.set(key, status)
      }
    }
    return found
  }

  class Asking {
    /** `changed` is told when something else is to be drawn, `polled` when all sessions are known. */
    constructor({shown, board, actions, changed, polled}) {
      Object.assign(this, {shown, board, actions, changed, polled})
      this.polling = false
      this.summarised = -1
      this.asking = 0
      this.askedAt = new Map()
      this.scenarios = []
      setInterval(() => this.look(), LOOK)
    }

    // --- sessions ----------------------------------------------------------------------------

    /** Ask how all sessions stand. */
    async poll() {
      if (this.polling) return
      this.polling = true
      const {infos} = this.shown
      try {
        const {sessions} = await mock.get('/sessions')
        const asked = performance.now()
        infos.clear()
        for (const info of sessions) infos.set(info.name, {...info, asked})
        this.polled()
      } catch {
        // The live stream says that the server is away.
      } finally {
        this.polling = false
      }
    }

    /** Ask for verdict and coverage of the session that is shown. */
    async summarise() {
      const {shown} = this
      const {session} = shown
      if (!session) return
      this.summarised = session.changed
      if (session.gone) return
      try {
        const [verdict, coverage] = await Promise.all([mock.get(`${of(session)}/verdict`), mock.get(`${of(session)}/coverage`)])
        if (session !== shown.session || session.gone) return
        this.actions.summarise(verdict, coverage)
        shown.verdicts = verdictsOf(verdict)
        this.changed()
      } catch {
        // A session that is gone has none.
      }
    }

    /** Do so again where something has happened since. */
    summariseAgain() {
      if (this.shown.session.changed !== this.summarised) this.summarise()
    }

    // --- connections in view -----------------------------------------------------------------

    /** Ask for what is still to come on an open connection, and for blocks that were told without. */
    look() {
      const {session} = this.shown
      if (!session || document.hidden || document.getElementById('board').hidden) return
      for (const {lane} of this.board.visible) {
        if (this.asking >= AT_ONCE) return
        const query = lane && this.isDue(lane) ? this.queryOf(lane) : ''
        if (query) this.ask(session, lane, query)
      }
    }

    isDue(lane) {
      if (typeof lane.serial !== 'number' || lane.connection === 0) return false
      return performance.now() - (this.askedAt.get(lane) ?? -Infinity) >= PLAN_AGAIN
    }

    /** Return what is to be asked of a connection, '' where that is nothing. */
    queryOf(lane) {
      const {session, view, now, selected, passes} = this.shown
      const to = view.from + this.board.width / view.scale
      const isFolded = (mark) => mark.kind === 'blocks' && mark.at >= view.from && mark.at <= to
      const folded = lane.unknown ? lane.marks.find(isFolded) : null
      if (folded && lane.unknown <= UNFOLDED) return `first=${folded.block}&limit=500&ahead=0`
      if (lane.closed || lane.blocks > PLANNED) return ''
      const used = !lane.plan || lane.plan.blocks + lane.plan.sends <= lane.blocks
      // Where reading is behind, what came last of all is what now is.
      const reached = now - session.last < 1 && session.open > 1 ? session.last : now
      const rests = reached - lane.last > REST || !passes
      return used && (rests || lane === selected?.lane) ? 'limit=0&ahead=40' : ''
    }

    async ask(session, lane, query) {
      this.asking += 1
      this.askedAt.set(lane, performance.now())
      if (this.askedAt.size > REMEMBERED) this.askedAt.delete(this.askedAt.keys().next().value)
      const {blocks} = lane
      try {
        const told = await mock.get(`${of(session)}/requests/${lane.serial}?${query}`)
        if (told.blocks.length) session.unfold(lane.serial, told.blocks)
        if (!query.endsWith('ahead=0') && !lane.closed && blocks === lane.blocks) this.plan(lane, told)
        this.changed()
      } catch {
        // It was forgotten, or is gone: there is nothing to show.
      } finally {
        this.asking -= 1
      }
    }

    plan(lane, {ahead, waits, goes_on: goesOn}) {
      const sends = ahead.filter((cue) => cue.cue === 'send' && cue.origin === 'script').length
      lane.plan = {ahead, waits, blocks: lane.blocks, sends: goesOn ? sends : Infinity, at: performance.now()}
      this.offer()
    }

    /** Let a connection be asked for again at once. */
    forget(lane) {
      this.askedAt.delete(lane)
    }

    // --- names -------------------------------------------------------------------------------

    /** Ask what can be pinned, and which streams there are; returns these, null where that is not told. */
    async names() {
      try {
        const [{scenarios}, {streams}] = [await mock.get('/scenarios'), await mock.get('/streams')]
        this.scenarios = scenarios.map((one) => one.name)
        this.offer()
        return streams
      } catch {
        return null
      }
    }

    /** Offer scenarios to be pinned, and the signals that stories wait for. */
    offer() {
      const waits = new Set()
      for (const {closed, plan} of this.shown.session?.lanes.values() || []) {
        const name = !closed && plan ? plan.waits || plan.ahead.find((cue) => cue.cue === 'await')?.name : ''
        if (name?.startsWith('signal ')) waits.add(name.slice('signal '.length))
      }
      this.actions.offer(this.scenarios, [...waits])
    }
  }

  globalThis.TimelineAsking = Asking
})()
