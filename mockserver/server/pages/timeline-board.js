/* The board: the connections of one session, names at the left, strips on the axis of time. Only what
   is in view has elements, and they are used again. It asks nothing of the server. */

(() => {
  'use strict'

  const {el, set, sync} = globalThis.dom
  const {LANE, HEAD, Pane, inView, length, placed, ticks, unit} = globalThis.timelineLayout

  const find = (id) => document.getElementById(id)

  class Board {
    /** `onSelect(lane, index)` is told what was clicked: a mark, or with null a connection. */
    constructor(onSelect) {
      this.scroll = find('scroll')
      this.frame = document.querySelector('.strips')
      this.names = new globalThis.TimelineNames(find('names'), (lane) => onSelect(lane, null))
      this.strips = new globalThis.TimelineStrips(find('strips'), onSelect)
      this.bars = new globalThis.TimelineBars(find('bars'))
      this.axis = {root: find('axis'), kept: new Map()}
      this.grid = {root: find('grid'), kept: new Map()}
      this.moving = [this.axis, this.grid, this.bars, this.strips].map(({root}) => root)
      this.layout = placed([])
      this.byLane = new Map()
      this.visible = []
      this.measure()
    }

    /** Look how large everything is; asked between writes, that would cost a layout each time. */
    measure() {
      this.unit = unit()
      this.width = Math.max(50, this.frame.clientWidth / this.unit)
      this.top = this.scroll.scrollTop / this.unit
      this.height = this.scroll.clientHeight / this.unit
    }

    /** Take the rows that there are to be seen. */
    arrange(rows) {
      this.layout = placed(rows, 4)
      set(find('canvas').style, 'height', length(this.layout.height + 24))
      this.byLane = new Map(this.layout.rows.filter((row) => row.lane).map((row) => [row.lane, row]))
    }

    /** Show nothing. */
    empty() {
      this.arrange([])
      this.visible = []
      for (const {root, kept} of [this.names, this.strips, this.bars]) sync(root, kept, [])
    }

    // --- drawing -----------------------------------------------------------------------------

    /** Draw what is in view. `state`: {session, view, now, moving, filter, selected, verdicts}. */
    draw(state) {
      this.state = state
      const pane = new Pane(state.view, this.width)
      const scene = {...state, pane, rowOf: (lane) => this.byLane.get(lane)}
      this.shift(length(pane.shift))
      this.drawNow(scene)
      this.drawAxis(pane)
      const [first, end] = inView(this.layout.rows, this.top - LANE, this.top + this.height + LANE)
      this.visible = this.layout.rows.slice(first, end)
      const lanes = this.visible.filter((row) => row.lane)
      if (!this.byLane.has(this.names.roving)) this.names.roving = lanes[0]?.lane || null
      this.names.draw(this.visible, scene)
      this.strips.draw(lanes, scene)
      this.bars.draw(lanes, scene)
    }

    /** Whether something was left to be written later. */
    get behind() {
      return this.names.behind
    }

    shift(by) {
      if (by === this.shifted) return
      this.shifted = by
      for (const root of this.moving) root.style.transform = `translateX(${by})`
    }

    /** The line of now, which open connections end at: where the page follows, it stays where it is. */
    drawNow({pane, now}) {
      const x = (now - pane.from) * pane.scale
      const at = Math.round(Math.min(this.width + 10, Math.max(-10, x)) * 10) / 10
      if (at === this.nowAt) return
      this.nowAt = at
      find('now').style.transform = `translateX(${length(at)})`
      find('past').style.width = length(Math.max(0, at))
    }

    drawAxis(pane) {
      if (pane.cell === this.axisDrawn) return
      this.axisDrawn = pane.cell
      const list = ticks(pane.from - pane.spare, pane.to + pane.spare, pane.scale).map((tick) => ({...tick, key: tick.text}))
      const place = (element, {at}) => set(element.style, 'left', length(pane.x(at)))
      sync(this.axis.root, this.axis.kept, list, () => el('span', {class: 'tick'}), (element, tick) => {
        place(element, tick)
        set(element, 'textContent', tick.text)
      })
      sync(this.grid.root, this.grid.kept, list, () => el('i', {class: 'line'}), place)
    }

    // --- going about -------------------------------------------------------------------------

    /** Return the lane that an element belongs to: something on a strip, or a name. */
    laneAt(element) {
      const strip = element.closest('.strip')
      if (strip) return strip.lane
      const button = element.closest('.names button')
      return button ? this.names.laneOf(button) : null
    }

    /** Return the buttons of the marks of a lane that are drawn, in their order. */
    marksOf(lane) {
      const found = this.strips.of(lane)?.querySelectorAll('button.mark') || []
      return [...found].sort((a, b) => a.index - b.index)
    }

    /** Move the focus to another connection, which is brought into view. */
    goTo(lane) {
      const row = this.byLane.get(lane)
      if (!row) return
      this.names.roving = lane
      this.measure()
      if (row.y - HEAD < this.top) this.scrollTo(row.y - HEAD)
      else if (row.y + LANE > this.top + this.height) this.scrollTo(row.y + LANE - this.height + 8)
      this.draw(this.state)
      this.names.buttonOf(lane)?.focus({preventScroll: true})
    }

    scrollTo(top) {
      this.scroll.scrollTop = top * this.unit
      this.measure()
    }

    /** Return the connection so many rows away. */
    neighbour(lane, step) {
      const lanes = [...this.byLane.keys()]
      const at = lanes.indexOf(lane) + step
      return lanes[Math.min(lanes.length - 1, Math.max(0, at))]
    }
  }

  globalThis.TimelineBoard = Board
})()
