/* What the timeline page shows: of which session, which time, which connections, and what is selected.
   What can be passed on of it stands in the address. */

(() => {
  'use strict'

  const {Timeline} = globalThis.timelineModel

  /** Where on the strips now is while the page follows, as a part of their width. */
  const NOW_AT = 0.82

  class Shown {
    constructor() {
      this.model = new Timeline()
      /** What the server last told of each session, and when it was asked: by name. */
      this.infos = new Map()
      this.session = null
      this.view = {from: -1, scale: 50}
      this.follow = true
      this.recall()
      /** {session, lane, index}: a mark, or with null a connection; or null. */
      this.selected = null
      this.verdicts = new Map()
      this.now = 0
      this.moving = false
      /** The shape that rows were arranged for, -1 where they have to be anew. */
      this.shape = -1
      /** Whether all that the journal had has come, and what could be tried. */
      this.begun = false
      this.named = false
      /** Whether the server refuses to tell. */
      this.refused = false
    }

    /** What the server last told of the session, null where it told nothing. */
    get info() {
      return this.infos.get(this.session?.name) || null
    }

    /** Whether time passes in the session by itself. */
    get passes() {
      const clock = this.info?.clock || ''
      return clock === 'real' || clock.endsWith('x')
    }

    /** What time it is in a session, as far as is known here. */
    nowOf(session) {
      const info = this.infos.get(session.name)
      if (!info) return session.last
      const {clock} = info
      const factor = clock === 'real' ? 1 : /^[\d.]+x$/.test(clock) ? parseFloat(clock) : 0
      return Math.max(session.last, info.now + factor * (performance.now() - info.asked) / 1000)
    }

    /** Let now stand where it does while the page follows. */
    toNow(width) {
      this.view.from = this.now - this.before(width)
    }

    /** Seconds of the window of time that lie before now while the page follows. */
    before(width) {
      return width * NOW_AT / this.view.scale
    }

    /** Show another session, from its end on. */
    show(session) {
      this.session = session
      this.shape = -1
      this.selected = null
      this.verdicts = new Map()
      this.follow = true
    }

    /** Forget everything: the server was started anew. */
    clear() {
      this.model.clear()
      this.infos.clear()
      this.session = null
      this.selected = null
      this.shape = -1
    }

    /** Read from the address what was passed on in it. */
    recall() {
      const hash = new URLSearchParams(location.hash.slice(1))
      /** The session that the reader has chosen, '' for any. */
      this.chosen = hash.get('session') || ''
      this.filter = {
        operation: hash.get('operation') || '',
        type: hash.get('type') || '',
        streams: hash.get('streams') === '1',
      }
    }

    /** Write what can be passed on into the address. */
    remember() {
      const {operation, type, streams} = this.filter
      const all = Object.entries({session: this.chosen, operation, type, streams: streams ? '1' : ''})
      history.replaceState(null, '', `#${new URLSearchParams(all.filter(([, value]) => value))}`)
    }
  }

  globalThis.TimelineShown = Shown
  globalThis.TimelineShown.NOW_AT = NOW_AT
})()
