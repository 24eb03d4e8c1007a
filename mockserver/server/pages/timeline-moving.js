/* Which time is shown: following what happens, or standing still; zoomed, moved by wheel, by dragging
   and by the slider. */

(() => {
  'use strict'

  const {set} = globalThis.dom
  const {fitted, zoomed} = globalThis.timelineLayout
  const {NOW_AT} = globalThis.TimelineShown

  const CLOSER = 1.6
  /** Pixels of a wheel for one e-fold of the scale. */
  const WHEEL = 300

  const find = (id) => document.getElementById(id)

  class Moving {
    /** `changed` is told when another time is to be drawn. */
    constructor(shown, board, changed) {
      Object.assign(this, {shown, board, changed})
      board.scroll.addEventListener('scroll', () => changed(), {passive: true})
      board.scroll.addEventListener('wheel', (event) => this.wheel(event), {passive: false})
      this.letDrag(board.frame)
      find('position').addEventListener('input', ({target}) => this.slide(target.value / 1000))
      find('follow').addEventListener('click', () => this.follow(!shown.follow))
      find('zoom-in').addEventListener('click', () => this.closer())
      find('zoom-out').addEventListener('click', () => this.farther())
      find('fit').addEventListener('click', () => this.fit())
      addEventListener('resize', () => changed())
      this.write()
    }

    /** Follow what happens, or stand still. */
    follow(follow) {
      this.shown.follow = follow
      this.write()
      this.changed()
    }

    /** Write on the button whether the page follows. */
    write() {
      const {follow} = this.shown
      const button = find('follow')
      button.setAttribute('aria-pressed', String(follow))
      set(button, 'textContent', follow ? 'Following' : 'Follow')
    }

    closer() {
      this.zoom(CLOSER)
    }

    farther() {
      this.zoom(1 / CLOSER)
    }

    /** Zoom, with the time at `x` staying where it is: now, or the middle. */
    zoom(factor, x = this.board.width * (this.shown.follow ? NOW_AT : 0.5)) {
      Object.assign(this.shown.view, zoomed(this.shown.view, factor, x))
      this.changed()
    }

    /** Move by so many units. */
    pan(by) {
      const {view, follow} = this.shown
      view.from += by / view.scale
      if (follow) this.follow(false)
      this.changed()
    }

    /** Show all of the session. */
    fit() {
      const {session, view} = this.shown
      if (!session || !session.lanes.size) return
      let from = Infinity
      for (const lane of session.lanes.values()) from = Math.min(from, lane.at)
      const to = Math.max(session.last, session.open ? this.shown.nowOf(session) : 0)
      Object.assign(view, fitted(from, to, this.board.width))
      this.follow(false)
    }

    /** Show the time at a part of the session, from 0 to 1. */
    slide(part) {
      const {shown} = this
      shown.view.from = part * Math.max(shown.now, 1) - shown.before(this.board.width)
      this.follow(false)
    }

    wheel(event) {
      const {deltaX, deltaY, shiftKey} = event
      const sideways = shiftKey ? deltaY || deltaX : deltaX
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        const x = event.clientX - this.board.frame.getBoundingClientRect().left
        this.zoom(Math.exp(-deltaY / WHEEL), x / this.board.unit)
      } else if (Math.abs(sideways) > Math.abs(shiftKey ? 0 : deltaY)) {
        event.preventDefault()
        this.pan(sideways / this.board.unit)
      }
    }

    letDrag(frame) {
      let last = null
      frame.addEventListener('pointerdown', (event) => {
        if (event.button !== 0 || event.target.closest('button')) return
        last = event.clientX
        frame.setPointerCapture(event.pointerId)
      })
      frame.addEventListener('pointermove', ({clientX}) => {
        if (last === null) return
        if (clientX !== last) this.pan((last - clientX) / this.board.unit)
        last = clientX
      })
      frame.addEventListener('pointerup', () => { last = null })
    }
  }

  globalThis.TimelineMoving = Moving
})()
