/* Where things of the timeline are drawn: seconds to pixels, ticks of the axis, marks that would
   cover one another made one, rows. It knows neither page nor network. */

(() => {
  'use strict'

  const LANE = 38
  const HEAD = 30
  const NEAR = 11
  const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]
  const SLOWEST = 0.01
  const FASTEST = 20000

  /** Write seconds as people read them: 12 ms, 1.52 s, 2 min 5 s. */
  const seconds = (value) => {
    const sign = value < 0 ? '−' : ''
    const size = Math.abs(value)
    if (size < 0.0005) return '0 s'
    if (size < 0.9995) return `${sign}${Number((size * 1000).toFixed(size < 0.01 ? 1 : 0))} ms`
    if (size < 59.995) return `${sign}${Number(size.toFixed(2))} s`
    const all = Math.round(size)
    const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60]
    const parts = [hours && `${hours} h`, minutes && `${minutes} min`, rest && `${rest} s`]
    return sign + parts.filter(Boolean).join(' ')
  }

  /** Write a point of time on the axis: 0:05, 1:02:05, with as many digits as steps need. */
  const moment = (value, step) => {
    const digits = step >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(step) - 1e-9))
    const whole = Number(value.toFixed(digits))
    const hours = Math.floor(whole / 3600)
    const minutes = Math.floor(whole / 60) % 60
    const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, '0')
    return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
  }

  /** Return the ticks between two times, about `apart` pixels from one another. */
  const ticks = (from, to, scale, apart = 90) => {
    const step = STEPS.find((one) => one * scale >= apart) || STEPS[STEPS.length - 1]
    const found = []
    for (let i = Math.max(0, Math.ceil(from / step - 1e-9)); i * step <= to && found.length < 500; i += 1) {
      found.push({at: i * step, text: moment(i * step, step)})
    }
    return found
  }

  const RANK = {breach: 9, refused: 8, raw: 7, event: 6, blocks: 5, call: 4, await: 3, retry: 2, field: 1, comment: 1, beat: 0}

  /** Marks of a lane that are shown, those that would cover one another made one; kept and added to.

      Returns [{first, last, at, to, n, kind, type, mark}]: indices into the marks, the number of
      events (or blocks), and the mark that speaks for them. */
  const clusters = (lane, scale, type = '') => {
    let kept = lane.drawn
    if (!kept || kept.scale !== scale || kept.version !== lane.version || kept.type !== type) {
      kept = lane.drawn = {scale, type, version: lane.version, upTo: 0, list: []}
    }
    const {list} = kept
    for (; kept.upTo < lane.marks.length; kept.upTo += 1) {
      const mark = lane.marks[kept.upTo]
      if (type && mark.type !== type && mark.kind !== 'blocks') continue
      const last = list[list.length - 1]
      if (last && (mark.at - last.at) * scale < NEAR) join(last, mark, kept.upTo)
      else list.push({first: kept.upTo, last: kept.upTo, at: mark.at, to: mark.at, n: counted(mark), kind: mark.kind, type: mark.type, mark, mixed: false, pushed: Boolean(mark.pushed), breach: mark.kind === 'breach'})
    }
    return list
  }

  const counted = (mark) => (mark.kind === 'event' || mark.kind === 'blocks' || mark.kind === 'raw' ? mark.n : 0)

  const join = (cluster, mark, index) => {
    cluster.last = index
    cluster.to = mark.at
    cluster.n += counted(mark)
    cluster.pushed = cluster.pushed || Boolean(mark.pushed)
    cluster.breach = cluster.breach || mark.kind === 'breach'
    if (cluster.type && mark.type && cluster.type !== mark.type) cluster.mixed = true
    // What breaks the contract is drawn as a ring around what it speaks of.
    if (mark.kind !== 'breach' && (RANK[mark.kind] > RANK[cluster.kind] || cluster.kind === 'breach')) {
      cluster.kind = mark.kind
      cluster.type = mark.type
      cluster.mark = mark
    }
  }

  /** Return the part of a list of clusters between two times: its first index and the one behind. */
  const between = (list, from, to) => {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (list[middle].to < from) low = middle + 1
      else high = middle
    }
    let end = low
    while (end < list.length && list[end].at <= to) end += 1
    return [low, end]
  }

  /** What stands beside a mark if there is room for it. */
  const labelOf = (cluster) => {
    const {mark, n} = cluster
    if (cluster.kind === 'blocks') return n > 1 ? `${n} blocks` : 'a block'
    if (cluster.kind === 'beat') return ''
    if (cluster.kind !== 'event') return mark.text || (mark.retry !== undefined ? `retry ${seconds(mark.retry)}` : cluster.kind)
    if (cluster.mixed) return `${n} events`
    if (n > 1) return cluster.type === 'message' ? `${n} events` : `${n} × ${cluster.type}`
    const id = mark.id === undefined ? '' : `#${mark.id} `
    return cluster.type === 'message' ? `${id}${mark.text}` : `${id}${cluster.type}`
  }

  /** Return rows with their places: [{sub | lane, y, height}], and how high they are together. */
  const placed = (rows, extra = 0) => {
    const found = []
    let y = extra
    for (const {sub, lanes} of rows) {
      found.push({sub, lane: null, y, height: HEAD})
      y += HEAD
      for (const lane of lanes) {
        found.push({sub, lane, y, height: LANE})
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

  /** Return a window of time that shows all from `from` to `to` in `width` pixels. */
  const fitted = (from, to, width) => {
    const scale = Math.min(FASTEST, Math.max(SLOWEST, Math.max(50, width - 200) / Math.max(to - from, 0.05)))
    return {from: from - 80 / scale, scale}
  }

  const zoomed = (view, factor, x) => {
    const scale = Math.min(FASTEST, Math.max(SLOWEST, view.scale * factor))
    return {from: view.from + x / view.scale - x / scale, scale}
  }

  /** One of eight tones for an event type, in the order in which a session's types came. */
  const toneOf = (type, session) => {
    if (type === 'message' || !type) return 0
    let tone = session.tones.get(type)
    if (tone === undefined) session.tones.set(type, tone = 1 + (session.tones.size % 7))
    return tone
  }

  globalThis.timelineLayout = {LANE, HEAD, between, clusters, fitted, inView, labelOf, moment, placed, seconds, ticks, toneOf, zoomed}
})()
