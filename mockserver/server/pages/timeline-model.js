/* What the timeline knows: the entries of the journal's live stream, made into sessions. It knows
   neither page nor network. */

(() => {
  'use strict'

  const {Session} = globalThis.timelineSession

  class Timeline {
    constructor() {
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

    /** Take the data of an event of the live stream; returns the session that has changed, if any. */
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
      session.gone = ''
      session.take(entry)
      return session
    }
  }

  /** Return which subscriptions and lanes are to be seen: [{sub, lanes}]. */
  const rowsOf = (session, {operation = '', type = '', streams = false} = {}) => {
    const wanted = (lane) => {
      if (operation && lane.operation !== operation) return false
      if (lane.refused) return !type && !streams
      if (streams && !lane.stream) return false
      return !type || lane.unknown > 0 || lane.marks.some((mark) => mark.type === type)
    }
    return session.subs.map((sub) => ({sub, lanes: sub.lanes.filter(wanted)})).filter(({lanes}) => lanes.length)
  }

  globalThis.timelineModel = {Timeline, rowsOf}
})()
