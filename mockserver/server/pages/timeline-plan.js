/* What is still to come on a connection if nobody intervenes, as it is drawn on its strip: dashed,
   with how long it takes until then. */

(() => {
  'use strict'

  const {seconds} = globalThis.times
  const {toneOf} = globalThis.timelineMarks

  /** Units that the next event has to be away, to be drawn. */
  const APART = 9
  /** Units of a wait that is drawn, and of one that has room for how long it is. */
  const WAIT = 46
  const WAIT_SAID = 60
  /** Units of a hold that has no end, and of what the story waits for. */
  const FOR_EVER = 120
  const AWAITED = 150
  const CHARACTER = 6

  const WILL = {end: 'end', drop: 'drop', reset: 'be reset'}

  const kindOf = (cue) => {
    if (cue.cue !== 'send') return cue.cue
    if (cue.origin === 'heartbeat') return 'beat'
    return 'data' in cue.fields ? 'event' : 'comment'
  }

  const textOf = (cue, kind) => {
    if (kind === 'event') return `${cue.fields.id === undefined ? '' : `#${cue.fields.id} `}${cue.fields.type || ''}`
    if (cue.cue === 'send') return ''
    return cue.cue === 'call' ? `calls ${cue.name}` : `will ${WILL[cue.cue]}`
  }

  /** A cue that lasts: a hold, or a wait for a signal. */
  const lasting = (cue, at, late, {pane, now}) => {
    if (cue.cue === 'await') {
      const width = Math.max(AWAITED, (Math.max(now, at) - at) * pane.scale)
      return {cls: 'span waiting', width, text: `waits for ${cue.name}`}
    }
    const until = cue.until === null ? Math.max(now, at) + FOR_EVER / pane.scale : cue.until + late
    const text = cue.until === null ? `${cue.cue} for ever` : `${cue.cue} ${seconds(until - at)}`
    return {cls: `span plan ${cue.cue}`, width: (until - at) * pane.scale, text}
  }

  /** A cue that is over at once; `at` is kept, for what has to end before it. */
  const momentary = (cue, at, session) => {
    const kind = kindOf(cue)
    const text = textOf(cue, kind)
    const cls = `planned ${kind} tone${toneOf(cue.fields?.type, session)}`
    return {kind, cls, at, text, title: `Still to come, at ${seconds(at)}: ${text || kind}`}
  }

  const LASTS = new Set(['hold', 'stall', 'await'])

  /** Leave out what would be written over the next of its kind; ends are written lower. */
  const leaveOut = (items) => {
    for (const isEvent of [true, false]) {
      let next = Infinity
      const written = items.filter((one) => one.at !== undefined && one.text && (one.kind === 'event') === isEvent)
      for (const item of written.reverse()) {
        const taken = item.x + 12 + item.text.length * CHARACTER
        if (taken > next) item.text = ''
        next = item.x
      }
    }
  }

  /** Return what is still to come on a lane as items of its strip; those of one moment have `at`. */
  const planOf = (lane, scene) => {
    const {pane, now, session} = scene
    if (lane.closed || !lane.plan) return []
    const items = []
    const late = lane.late(now)
    let before = lane.last
    let shown = -Infinity
    for (const {cue, index, at} of lane.ahead(now)) {
      const x = pane.x(at)
      if (x - shown < APART && cue.cue === 'send') continue
      const wait = (at - before) * pane.scale
      if (wait > WAIT) {
        const text = wait > WAIT_SAID ? seconds(at - before) : ''
        items.push({key: `w${index}`, cls: 'wait', x: pane.x(before) + 8, width: wait - 16, text})
      }
      shown = x
      before = at
      const item = LASTS.has(cue.cue) ? lasting(cue, at, late, scene) : momentary(cue, at, session)
      items.push({key: `p${index}`, x, ...item})
    }
    leaveOut(items)
    return items
  }

  globalThis.timelinePlan = {planOf}
})()
