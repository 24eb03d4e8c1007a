/* Marks as they are seen: those that would cover one another made one, labelled, coloured, and said. */

(() => {
  'use strict'

  const {seconds} = globalThis.times

  /** Units within which marks are one. */
  const NEAR = 11
  /** Which of several speaks for all. */
  const RANK = {breach: 9, refused: 8, raw: 7, event: 6, blocks: 5, call: 4, await: 3, retry: 2, field: 1, comment: 1, beat: 0}
  const COUNTED = new Set(['event', 'blocks', 'raw'])
  const TONES = 7

  const counted = (mark) => (COUNTED.has(mark.kind) ? mark.n : 0)

  const cluster = (mark, index) => ({
    first: index,
    last: index,
    at: mark.at,
    to: mark.at,
    n: counted(mark),
    kind: mark.kind,
    type: mark.type,
    mark,
    mixed: false,
    pushed: Boolean(mark.pushed),
    breach: mark.kind === 'breach',
  })

  const join = (one, mark, index) => {
    one.last = index
    one.to = mark.at
    one.n += counted(mark)
    one.pushed = one.pushed || Boolean(mark.pushed)
    one.breach = one.breach || mark.kind === 'breach'
    if (one.type && mark.type && one.type !== mark.type) one.mixed = true
    // What breaks the contract is drawn as a ring around what it speaks of.
    if (mark.kind !== 'breach' && (RANK[mark.kind] > RANK[one.kind] || one.kind === 'breach')) {
      one.kind = mark.kind
      one.type = mark.type
      one.mark = mark
    }
  }

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
      else list.push(cluster(mark, kept.upTo))
    }
    return list
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
  const labelOf = ({mark, n, kind, type, mixed}) => {
    if (kind === 'blocks') return n > 1 ? `${n} blocks` : 'a block'
    if (kind === 'beat') return ''
    if (kind !== 'event') return mark.text || (mark.retry === undefined ? kind : `retry ${seconds(mark.retry)}`)
    if (mixed) return `${n} events`
    if (n > 1) return type === 'message' ? `${n} events` : `${n} × ${type}`
    const id = mark.id === undefined ? '' : `#${mark.id} `
    return type === 'message' ? `${id}${mark.text}` : `${id}${type}`
  }

  const spokenMany = ({n, kind, type, mixed}) => {
    const what = {blocks: 'blocks', raw: 'blocks, raw bytes among them,'}[kind] || 'events'
    return mixed || !type || type === 'message' ? `${n} ${what}` : `${n} ${what} of type ${type}`
  }

  /** What a screen reader says of a mark. */
  const spoken = (one) => {
    const {mark, kind} = one
    const by = one.pushed ? ', pushed by a test' : ''
    const wrong = one.breach ? ', breaks the contract' : ''
    const at = `at ${seconds(mark.at)}${by}${wrong}`
    if (one.n > 1) return `${spokenMany(one)} ${at}`
    if (kind === 'event') return `event ${mark.type}${mark.id === undefined ? '' : `, id ${mark.id}`} ${at}: ${mark.text}`
    if (kind === 'beat') return `heartbeat ${at}`
    if (kind === 'retry') return `retry ${seconds(mark.retry)} ${at}`
    return `${kind} ${at}: ${mark.text}`
  }

  /** One of eight tones for an event type, in the order in which a session's types came. */
  const toneOf = (type, session) => {
    if (type === 'message' || !type) return 0
    let tone = session.tones.get(type)
    if (tone === undefined) session.tones.set(type, tone = 1 + (session.tones.size % TONES))
    return tone
  }

  globalThis.timelineMarks = {between, clusters, labelOf, spoken, toneOf}
})()
