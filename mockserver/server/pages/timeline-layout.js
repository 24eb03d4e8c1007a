/* Where things of the timeline stand: rows below one another, seconds from left to right.

   All places are in units of which text of the usual size has 14 (`length` makes them lengths of
   styles), so that the timeline grows with the reader's text. */

(() => {
  'use strict'

  const {moment} = globalThis.times

  const LANE = 38
  const HEAD = 30
  const SLOWEST = 0.01
  const FASTEST = 20000
  /** Units to both sides of what is seen that are drawn: so not every step is drawn anew. */
  const SPARE = 160
  /** Units after which places are counted from another beginning: styles have few digits. */
  const AFRESH = 200000
  /** How far apart ticks may be, in seconds. */
  const STEPS = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400,
  ]

  /** How many units an em of the page's text has. */
  const EM = 14

  /** Return so many units as a length of a style. */
  const length = (units) => `${Math.round(units * 1000 / EM) / 1000}rem`

  /** Return how many pixels a unit has now. */
  const unit = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / EM

  // --- rows ------------------------------------------------------------------------------------

  const keyOf = (lane) => `l${lane.serial}`

  /** Return rows with their places: [{key, sub, lane, y, height}], and how high they are together. */
  const placed = (rows, extra = 0) => {
    const found = []
    let y = extra
    for (const {sub, lanes} of rows) {
      found.push({key: `s${sub.number}`, sub, lane: null, y, height: HEAD})
      y += HEAD
      for (const lane of lanes) {
        found.push({key: keyOf(lane), sub, lane, y, height: LANE})
        y += LANE
      }
    }
    return {rows: found, height: y}
  }

  /** Return the indices of the rows between two heights. */
  const inView = (rows, top, bottom) => {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (rows[middle].y + rows[middle].height <= top) low = middle + 1
      else high = middle
    }
    let end = low
    while (end < rows.length && rows[end].y < bottom) end += 1
    return [low, end]
  }

  // --- time ------------------------------------------------------------------------------------

  /** The window of time that is drawn: `width` units from `from` on, `scale` of them a second. */
  class Pane {
    constructor({from, scale}, width) {
      this.from = from
      this.scale = scale
      this.width = width
      this.to = from + width / scale
      /** Which place strips count from, in units after the session's beginning. */
      this.base = Math.floor(from * scale / AFRESH) * AFRESH
      /** Changes when something else is to be drawn, though nothing has happened. */
      this.cell = [Math.floor(from * scale / (SPARE / 2)), scale, width].join(' ')
      this.spare = SPARE / scale
    }

    /** The place of a time in the strips. */
    x(at) {
      return at * this.scale - this.base
    }

    /** How far strips are moved, for `from` to stand at the left. */
    get shift() {
      return this.base - this.from * this.scale
    }

    /** Whether something between two places is to be drawn. */
    meets(left, right) {
      return right > this.x(this.from - this.spare) && left < this.x(this.to + this.spare)
    }
  }

  const scaled = (scale) => Math.min(FASTEST, Math.max(SLOWEST, scale))

  /** Return a window of time that shows all from `from` to `to` in `width` units. */
  const fitted = (from, to, width) => {
    const scale = scaled(Math.max(50, width - 200) / Math.max(to - from, 0.05))
    return {from: from - 80 / scale, scale}
  }

  /** Return a window of time with another scale, and at `x` the same time as before. */
  const zoomed = (view, factor, x) => {
    const scale = scaled(view.scale * factor)
    return {from: view.from + x / view.scale - x / scale, scale}
  }

  /** Return the ticks between two times, about `apart` units from one another. */
  const ticks = (from, to, scale, apart = 90) => {
    const step = STEPS.find((one) => one * scale >= apart) || STEPS[STEPS.length - 1]
    const found = []
    for (let i = Math.max(0, Math.ceil(from / step - 1e-9)); i * step <= to && found.length < 500; i += 1) {
      found.push({at: i * step, text: moment(i * step, step)})
    }
    return found
  }

  globalThis.timelineLayout = {LANE, HEAD, Pane, fitted, inView, keyOf, length, placed, ticks, unit, zoomed}
})()
