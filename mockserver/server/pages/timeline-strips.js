/* The strips of connections on the axis of time: elements, kept in step with what is to be seen. */

(() => {
  'use strict'

  const {el, set, svg, sync} = globalThis.dom
  const {LANE, keyOf, length} = globalThis.timelineLayout
  const {CHARACTER, isFresh, itemsOf} = globalThis.timelineItems

  /** How many marks stand in a group. */
  const GROUP = 16

  class Strips {
    /** `onChoose(lane, index)` is told which mark was clicked. */
    constructor(root, onChoose) {
      this.root = root
      this.kept = new Map()
      root.addEventListener('click', ({target}) => {
        const mark = target.closest('button.mark')
        if (mark) onChoose(mark.closest('.strip').lane, mark.index)
      })
    }

    /** Draw these rows of connections. */
    draw(rows, scene) {
      sync(this.root, this.kept, rows, makeStrip, (element, row) => writeStrip(element, row, scene))
    }

    of(lane) {
      return this.kept.get(keyOf(lane))
    }
  }

  const makeStrip = () => {
    const element = el('div', {class: 'strip'})
    element.kept = new Map()
    element.groups = []
    return element
  }

  /** All that a strip is drawn from; how it moves with time, where something of it does. */
  const lookOf = (lane, y, {pane, now, filter, selected, moving}) => {
    const moves = !lane.closed && (lane.openSpan || lane.plan)
    return [
      pane.cell, y, moves ? pane.x(lane.until(now)).toFixed(0) : '', isFresh(lane, {moving, now}),
      lane.marks.length, lane.version, lane.events, lane.spans.length, lane.held, lane.closed !== null,
      lane.plan?.at, lane.sub.lanes.length, filter.type, selected?.lane === lane ? `at ${selected.index}` : '',
    ].join(' ')
  }

  const writeStrip = (element, {lane, y}, scene) => {
    if (element.y !== y) element.style.top = length(element.y = y)
    const look = lookOf(lane, y, scene)
    if (element.lane === lane && element.look === look) return
    element.look = look
    element.lane = lane
    sync(element, element.kept, itemsOf(lane, scene), makeItem, writeItem, putItem)
    while (element.groups.length && !element.groups[0].firstChild) element.groups.shift().remove()
  }

  // --- what is on them -------------------------------------------------------------------------

  const makeItem = (item) => {
    if (item.tag === 'svg') return svg('svg', {role: 'img'}, svg('path', {class: 'line'}), svg('path', {class: 'tip'}))
    if (item.tag === 'button') return el('button', {type: 'button', tabindex: -1}, el('i'), el('span'))
    return el('span', {'aria-hidden': 'true'})
  }

  /** Marks stand in groups in their strip: a new one has only the last group painted anew. */
  const putItem = (strip, element) => {
    if (element.localName !== 'button') {
      strip.append(element)
      return
    }
    const {groups} = strip
    const last = groups[groups.length - 1]
    if (last && last.childElementCount < GROUP) {
      last.append(element)
      return
    }
    const group = el('div', {class: 'marks'}, element)
    groups.push(group)
    strip.append(group)
  }

  /** Write what has changed of an item since it was written last: reading it off the page is slow. */
  const writeItem = (element, item) => {
    if (item.tag === 'svg') {
      writeArrow(element, item)
      return
    }
    const was = element.item || {}
    element.item = item
    if (was.cls !== item.cls) element.className = item.cls
    if (was.x !== item.x) element.style.left = length(item.x)
    if (item.tag === 'button') {
      writeMark(element, item, was)
      return
    }
    if (was.width !== item.width) element.style.width = item.width === undefined ? '' : length(item.width)
    if (was.text !== item.text) element.textContent = item.text ?? ''
    if (was.title !== item.title) element.title = item.title ?? ''
  }

  /** Return as much of a text as fits in so many units. */
  const short = (text, room) => {
    if (text.length * CHARACTER <= room) return text
    return `${text.slice(0, Math.max(0, Math.floor(room / CHARACTER) - 1))}…`
  }

  const writeMark = (element, item, was) => {
    element.index = item.index
    const [badge, label] = element.children
    if (was.badge !== item.badge) badge.textContent = item.badge
    const shown = short(item.text, item.room)
    if (element.shown !== shown) label.textContent = element.shown = shown
    if (was.said === item.said && was.text === item.text && was.badge === item.badge) return
    element.title = item.said
    element.setAttribute('aria-label', [item.badge, item.text, item.said].filter(Boolean).join(', '))
  }

  const writeArrow = (arrow, {from, to, up, label}) => {
    const left = Math.min(from, to) - 8
    const width = Math.abs(to - from) + 24
    const attributes = {class: 'arrow', 'aria-label': label, viewBox: `0 0 ${width} ${up}`}
    for (const [name, value] of Object.entries(attributes)) arrow.setAttribute(name, value)
    const place = {left, top: LANE / 2 - up, width, height: up}
    for (const [name, value] of Object.entries(place)) set(arrow.style, name, length(value))
    const [x1, x2, y1, y2] = [from - left, to - left, 7, up - 9]
    const bend = Math.min(24, up / 2)
    const [line, tip] = arrow.children
    line.setAttribute('d', `M${x1} ${y1} C${x1} ${y1 + bend + 8} ${x2} ${y2 - bend - 14} ${x2} ${y2}`)
    tip.setAttribute('d', `M${x2 - 3.5} ${y2 - 5} L${x2} ${y2} L${x2 + 3.5} ${y2 - 5}`)
  }

  globalThis.TimelineStrips = Strips
})()
