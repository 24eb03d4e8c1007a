/* The timeline by keyboard: from connection to connection, along the marks of one, and single keys. */

(() => {
  'use strict'

  /** Units from the edges of the strips within which a mark is brought to the middle. */
  const AT_LEFT = 20
  const AT_RIGHT = 60

  class Keys {
    /** `deselect()` shows nothing any more, and returns the lane that was selected. */
    constructor({shown, board, drawing, moving, deselect}) {
      Object.assign(this, {shown, board, drawing, moving, deselect})
      const pan = (part) => moving.pan(part * board.width)
      const list = document.getElementById('keys')
      this.single = new Map([
        ['f', () => moving.follow(!shown.follow)],
        ['+', () => moving.closer()],
        ['=', () => moving.closer()],
        ['-', () => moving.farther()],
        ['0', () => moving.fit()],
        ['[', () => pan(-1 / 3)],
        [']', () => pan(1 / 3)],
        ['?', () => list.showModal()],
      ])
      document.getElementById('keys-open').addEventListener('click', () => list.showModal())
      addEventListener('keydown', (event) => this.pressed(event))
    }

    pressed(event) {
      const {key, target} = event
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
      if (target.closest('input, textarea, select')) return
      const lane = target instanceof Element ? this.board.laneAt(target) : null
      if (key === 'Escape') {
        const was = this.deselect() || lane
        if (was) this.board.goTo(was)
        return
      }
      if (lane && this.walk(key, target, lane)) event.preventDefault()
      else if (this.single.has(key)) {
        this.single.get(key)()
        event.preventDefault()
      }
    }

    /** Go on from a connection or one of its marks; returns whether the key is one of those. */
    walk(key, target, lane) {
      const {board} = this
      const marks = board.marksOf(lane)
      const at = marks.indexOf(target.closest('button.mark'))
      switch (key) {
        case 'ArrowUp':
        case 'ArrowDown':
          board.goTo(board.neighbour(lane, key === 'ArrowUp' ? -1 : 1))
          return true
        case 'ArrowRight':
          this.toMark(lane, marks, at + 1)
          return true
        case 'ArrowLeft':
          if (at <= 0) board.goTo(lane)
          else this.toMark(lane, marks, at - 1)
          return true
        case 'Home':
          this.toMark(lane, marks, 0)
          return true
        case 'End':
          this.toMark(lane, marks, marks.length - 1)
          return true
        default:
          return false
      }
    }

    /** Move the focus to a mark, which is brought into view. */
    toMark(lane, marks, wanted) {
      const {shown, board} = this
      const mark = marks[Math.min(marks.length - 1, Math.max(0, wanted))]
      if (!mark) return
      const {index} = mark
      if (shown.follow) this.moving.follow(false)
      const {view} = shown
      const {at} = lane.marks[index]
      const x = (at - view.from) * view.scale
      if (x >= AT_LEFT && x <= board.width - AT_RIGHT) {
        mark.focus({preventScroll: true})
        return
      }
      view.from = at - board.width / 2 / view.scale
      this.drawing.draw()
      board.marksOf(lane).find((one) => one.index === index)?.focus({preventScroll: true})
    }
  }

  globalThis.TimelineKeys = Keys
})()
