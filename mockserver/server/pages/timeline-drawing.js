/* When the timeline is drawn: in the next frame after something has changed, and while time passes. */

(() => {
  'use strict'

  const {rowsOf} = globalThis.timelineModel

  /** Milliseconds between frames at most: what comes in between is read. */
  const FRAME = 50
  const QUIET_FRAME = 500
  /** Milliseconds between writes of what only counts up: nobody reads it twenty times a second. */
  const COUNT_AGAIN = 400
  /** Milliseconds after which rows are chosen anew by the types of what they were told. */
  const CHOOSE_AGAIN = 500
  /** Pixels from the end that still count as being there. */
  const AT_END = 60

  const find = (id) => document.getElementById(id)
  const calm = matchMedia('(prefers-reduced-motion: reduce)')

  class Drawing {
    /** `tell(session)` is called when numbers and names are to be written. */
    constructor(shown, board, tell) {
      Object.assign(this, {shown, board, tell})
      this.frame = 0
      this.drawnAt = 0
      this.dirty = true
      this.arrangedAt = 0
      this.toldAt = 0
      this.namesTold = -1
      this.later = 0
      setInterval(() => this.pass(), FRAME)
    }

    /** Draw in the next frame, at most every FRAME. */
    wake() {
      this.dirty = true
      if (this.frame) return
      const rest = this.drawnAt + FRAME - performance.now()
      const next = () => { this.frame = requestAnimationFrame(() => this.draw()) }
      if (rest < 4) next()
      else this.frame = setTimeout(next, rest)
    }

    /** Draw once more when what only counts up is written again. */
    wakeLater() {
      this.later ||= setTimeout(() => {
        this.later = 0
        this.wake()
      }, COUNT_AGAIN)
    }

    /** Let time pass on the page while it does in the session and something is open. */
    pass() {
      const {session, follow, passes} = this.shown
      if (!session || document.hidden || this.frame) return
      const going = passes && session.open > 0
      const usual = follow && going ? FRAME : QUIET_FRAME
      const every = calm.matches ? QUIET_FRAME * 2 : usual
      if (this.dirty || (going && performance.now() - this.drawnAt >= every)) this.wake()
    }

    draw() {
      this.frame = 0
      const {shown, board} = this
      const {session} = shown
      this.chooseWhatIsSeen()
      if (!session) return
      this.dirty = false
      this.drawnAt = performance.now()
      board.measure()
      shown.now = shown.nowOf(session)
      if (shown.shape !== session.shape || (shown.filter.type && this.drawnAt - this.arrangedAt > CHOOSE_AGAIN)) this.arrange()
      if (shown.follow) shown.toNow(board.width)
      shown.moving = shown.passes
      board.draw(shown)
      if (board.behind) this.wakeLater()
      this.placePosition()
      this.count(session)
    }

    /** The board, or why there is nothing on it: nothing has connected yet, or the server does not tell. */
    chooseWhatIsSeen() {
      const {session, begun, named, refused, model} = this.shown
      const empty = (refused || (begun && named)) && !session?.lanes.size && model.entries === 0
      find('empty').hidden = !empty
      find('board').hidden = empty
    }

    arrange() {
      const {shown, board} = this
      const {scroll} = board
      const atEnd = scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - AT_END
      shown.shape = shown.session.shape
      this.arrangedAt = this.drawnAt
      board.arrange(rowsOf(shown.session, shown.filter))
      if (shown.follow && atEnd) {
        scroll.scrollTop = scroll.scrollHeight
        board.measure()
      }
    }

    placePosition() {
      const {shown, board} = this
      const at = (shown.view.from + shown.before(board.width)) / Math.max(shown.now, 1)
      const value = String(Math.round(Math.min(1, Math.max(0, at)) * 1000))
      const input = find('position')
      if (document.activeElement !== input && input.value !== value) input.value = value
    }

    count(session) {
      const names = session.types.size + session.operations.size
      const due = names !== this.namesTold || this.drawnAt - this.toldAt > COUNT_AGAIN
      if (!due && this.shown.passes) {
        this.wakeLater()
        return
      }
      this.toldAt = this.drawnAt
      this.namesTold = names
      this.tell(session)
    }
  }

  globalThis.TimelineDrawing = Drawing
})()
