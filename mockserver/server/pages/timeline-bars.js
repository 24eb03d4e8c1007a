/* The bars of connections behind their marks. Those of open ones go on beyond now, where they are cut
   off: nothing of them is drawn anew while time passes. */

(() => {
  'use strict'

  const {el, sync} = globalThis.dom
  const {length} = globalThis.timelineLayout

  /** Units by which bars go on beyond what is seen. */
  const FAR = 4000

  class Bars {
    constructor(root) {
      this.root = root
      this.kept = new Map()
    }

    /** Draw these rows of connections. */
    draw(rows, {pane}) {
      const least = Math.floor(pane.from * pane.scale / FAR - 1) * FAR - pane.base
      const most = least + Math.ceil(pane.width / FAR + 3) * FAR
      const within = (x) => Math.min(most, Math.max(least, x))
      const items = rows.map(({key, lane, y}) => {
        const x = within(pane.x(lane.at))
        const end = lane.closed ? within(pane.x(lane.closed.at)) : most
        return {key, cls: `bar ${lane.state}`, x, y, width: Math.max(end > least ? 2 : 0, end - x)}
      })
      sync(this.root, this.kept, items, () => el('i', {'aria-hidden': 'true'}), write)
    }
  }

  const write = (element, {cls, x, y, width}) => {
    if (element.className !== cls) element.className = cls
    const drawn = `${x} ${y} ${width}`
    if (element.drawn === drawn) return
    element.drawn = drawn
    Object.assign(element.style, {left: length(x), top: length(y), width: length(width)})
  }

  globalThis.TimelineBars = Bars
})()
