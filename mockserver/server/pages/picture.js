/* The picture of a story: a lane for each connection, time from left to right.

   Time is drawn compressed (a second is not sixty times as wide as a minute is long), so that every
   cue can be told from the next; what the real times are stands below the marks. */

(() => {
  'use strict'

  const {svg} = dom
  const CHARACTER = 6.7
  const LONGEST_LABEL = 16
  const ROW = 84
  const BASE = 46
  const EDGE = 14

  const short = (text) => (text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text)
  const width = (text) => text.length * CHARACTER

  /** Return how wide a time without cues is. */
  const distance = (seconds) => (seconds <= 0 ? 3 : Math.min(110, 8 + 15 * Math.log2(1 + seconds * 2)))

  const text = (x, y, words, attributes) => svg('text', {x, y, ...attributes}, words)
  const centred = (x, y, words, name) => text(x, y, words, {'text-anchor': 'middle', class: name})

  /** How things look around the place where they stand; what lasts is drawn as a line alone. */
  const SHAPES = {
    head: (item) => svg('g', {},
      svg('rect', {x: -15, y: -9, width: 30, height: 18, rx: 3}), centred(0, 4, item.label, 'status')),
    event: () => svg('circle', {r: 5}),
    item: () => svg('circle', {r: 5}),
    comment: () => svg('circle', {r: 3}),
    retry: () => svg('path', {d: 'M0-6 6 0 0 6-6 0Z'}),
    bytes: () => svg('rect', {x: -4, y: -4, width: 8, height: 8}),
    body: () => svg('rect', {x: -6, y: -6, width: 12, height: 12, rx: 1.5}),
    call: () => svg('path', {d: 'M-5 5 5-5M-2-5H5V2'}),
    await: () => svg('path', {d: 'M-5-6H5L-5 6H5Z'}),
    end: () => svg('path', {d: 'M0-9V9'}),
    drop: () => svg('path', {d: 'M-5-5 5 5M5-5-5 5'}),
    reset: () => svg('path', {d: 'M-5-5 5 5M5-5-5 5M-9-9H9V9H-9Z'}),
    more: () => svg('path', {d: 'M-6 0h.1M0 0h.1M6 0h.1'}),
  }

  /** What stands above and below a mark, and its time where that is another than the last one's. */
  const labels = (item, before) => {
    const time = item.at !== before?.at ? times.duration(item.at) : ''
    if (item.kind === 'event') return {above: item.id, below: item.type === 'message' ? '' : item.type, time}
    if (item.kind === 'head') return {above: '', below: '', time}
    return {above: '', below: item.label, time}
  }

  /** Place the items of a lane from `x` on; returns marks with places, and where the lane ends. */
  const placed = (lane, start) => {
    const marks = []
    let x = start
    let now = 0
    lane.items.forEach((item, index) => {
      const said = labels(item, lane.items[index - 1])
      const words = [said.above, said.below, said.time].map(short)
      const half = Math.max(item.kind === 'head' ? 15 : 9, Math.max(...words.map(width)) / 2 + 3)
      x += index === 0 ? distance(item.at) * (item.at > 0) : distance(item.at - now)
      x += half
      now = item.at
      const mark = {item, x, above: words[0], below: words[1], time: words[2]}
      x += half
      if (item.until > item.at && item.kind !== 'comment') {
        const open = item.until === Infinity
        mark.text = item.kind === 'await' ? '' : open ? 'held open' : times.duration(item.until - item.at)
        x = Math.max(x, mark.x + Math.max(width(mark.text) + 16, open ? 0 : distance(item.until - item.at)))
        mark.spans = true
        now = open ? now : item.until
      }
      marks.push(mark)
    })
    const end = lane.held ? x + 24 : x
    for (const mark of marks) {
      // What takes time lasts until the first thing that comes after it.
      if (mark.spans) mark.until = marks.find((other) => other.item.at >= mark.item.until && other !== mark)?.x ?? end
    }
    return {marks, end}
  }

  const drawn = (mark, key, onChoose) => {
    const {item} = mark
    const ill = item.kind === 'head' && item.status >= 400 ? ' ill' : ''
    const place = `translate(${mark.x} ${BASE})`
    return svg('g', {class: `mark ${item.kind}${ill}`, 'data-cue': key, transform: place, click: () => onChoose(key)},
      svg('title', {}, `${times.duration(item.at)}: ${item.words}`),
      svg('rect', {class: 'reach', x: -9, y: -14, width: 18, height: 28}),
      SHAPES[item.kind]?.(item),
      mark.above && centred(0, -12, mark.above, 'id'),
      mark.below && centred(0, 21, mark.below),
      mark.time && centred(0, 34, mark.time, 'time'))
  }

  const held = (mark) => mark.until && svg('g', {class: `span ${mark.item.kind}`},
    svg('path', {d: `M${mark.x} ${BASE}H${mark.until}`}),
    mark.text && centred(Math.min((mark.x + mark.until) / 2, mark.x + 60), BASE - 8, mark.text))

  /** Draw the way from the end of one lane to the beginning of the next. */
  const away = (lane, from, to) => svg('g', {class: 'away'},
    svg('path', {class: 'gap', d: `M${from} ${BASE + 40}V${ROW + BASE}H${to - 6}`}),
    svg('path', {class: 'arrow', d: `M${to - 8} ${ROW + BASE - 4}l7 4-7 4Z`}),
    text(from + 8, ROW + BASE - 6, story.away(lane)))

  const gapWidth = (lane) => Math.max(60, width(story.away(lane)) + 26)

  /** Return an SVG of the story; `onChoose(key)` is called with `LANE-ITEM`, from 0, when a mark is clicked. */
  const picture = (told, onChoose) => {
    const rows = []
    let x = EDGE
    let widest = 0
    told.lanes.forEach((lane, index) => {
      const {marks, end} = placed(lane, x)
      const name = `connection ${lane.number}${lane.lastEventId ? ` · Last-Event-ID: ${short(lane.lastEventId)}` : ''}`
      const last = marks.at(-1)?.x ?? x
      const row = svg('g', {class: 'lane', transform: `translate(0 ${index * ROW})`},
        text(x, 14, name, {class: 'name'}),
        svg('path', {class: 'line', d: `M${x} ${BASE}H${Math.max(x, last)}`}),
        marks.map(held),
        marks.map((mark, number) => drawn(mark, `${index}-${number}`, onChoose)))
      const next = told.lanes[index + 1]
      widest = Math.max(widest, end, x + width(name))
      if (next) {
        const from = lane.held ? end : last
        x = Math.max(end, from) + gapWidth(lane)
        row.append(away(lane, from, x))
      }
      rows.push(row)
    })
    const [w, h] = [Math.ceil(widest + EDGE), told.lanes.length * ROW]
    return svg('svg', {class: 'picture', width: w, height: h, viewBox: `0 0 ${w} ${h}`, role: 'img', 'aria-label': story.told(told)}, rows)
  }

  story.picture = picture
})()
