/* What is to be seen of one connection on its strip, as data: {key, cls, x, width, text, title, …}.

   A scene is what the page looks at: {session, now, moving, filter, selected, pane, rowOf(lane)}. */

(() => {
  'use strict'

  const {seconds} = globalThis.times
  const {absence, endOf, resumedFrom} = globalThis.timelineLane
  const {between, clusters, labelOf, spoken, toneOf} = globalThis.timelineMarks
  const {planOf} = globalThis.timelinePlan

  const MOST_MARKS = 120
  /** How many marks are looked through for one that keeps its place to itself. */
  const LOOKED_THROUGH = 40
  const LONGEST = 30
  const LONGEST_ID = 24
  /** Units of a character, of a small one, and of a text that stands out of what it belongs to. */
  const CHARACTER = 6.4
  const SMALL = 5.6
  const OUTSIDE = 260
  /** Units that the last mark of a connection has behind the end. */
  const BEHIND = 400

  /** Marks over which the text of the one before may stand. */
  const QUIET = new Set(['beat', 'comment'])
  /** Marks whose text is left out unless there is room for all of it. */
  const PLAIN = new Set(['beat', 'comment', 'retry', 'field'])

  /** Whether the next event may come at any moment: beside the last one there is as much room as
      before it, where time passes. */
  const isFresh = (lane, {moving, now}) => Boolean(moving) && !lane.closed && now - lane.last < 1

  // --- before and around it --------------------------------------------------------------------

  /** What stands in the head of a connection: the id that the client has had last, and the status. */
  const headText = ({status, lastEventId, notes}) => {
    const unknown = notes.includes('unknown-last-event-id') ? ' ?' : ''
    const id = lastEventId && (lastEventId.length > LONGEST_ID ? `${lastEventId.slice(0, LONGEST_ID - 1)}…` : lastEventId)
    return [id && `↻ ${id}${unknown}`, status ? String(status) : 'no head'].filter(Boolean).join('  ')
  }

  /** Units that a head takes before the beginning of its connection. */
  const headWidth = (lane) => headText(lane).length * CHARACTER + 18

  /** The time in which the client was away before this connection, against what it was told. */
  const absenceItems = (lane, {pane}) => {
    const found = absence(lane)
    if (!found || !(found.away > 0)) return []
    const {from, to, away, told, verdict} = found
    const words = {early: ' · too early', late: ' · late'}[verdict] || ''
    const text = `away ${seconds(away)} · ${told === null ? 'not told how long' : `told ${seconds(told)}`}${words}`
    const title = `The client was ${text}`
    const x = pane.x(from)
    const width = Math.max(2, away * pane.scale)
    const inside = width > text.length * SMALL + 70
    return [
      {key: 'away', cls: `away ${verdict}`, x, width, text: inside ? text : '', title},
      !inside && {key: 'awaysaid', cls: `away-said ${verdict}`, x: Math.min(x, pane.x(to) - headWidth(lane)), text, title},
      told !== null && {key: 'hint', cls: 'hint', x: pane.x(from + told), title: `It was told to wait ${seconds(told)}`},
    ].filter(Boolean)
  }

  /** The arrow from the event that a client has had last to where it takes up the story. */
  const resumeItems = (lane, {pane, rowOf}) => {
    const found = lane.lastEventId ? resumedFrom(lane) : null
    const [source, target] = [found && rowOf(found[0]), rowOf(lane)]
    if (!source) return []
    const [from, to] = [pane.x(found[1].at), pane.x(lane.at)]
    if (!pane.meets(Math.min(from, to), Math.max(from, to))) return []
    const label = `Resumes after event ${lane.lastEventId} of connection ${found[0].connection}`
    return [{key: 'arrow', tag: 'svg', x: from, from, to, up: target.y - source.y, keep: true, label}]
  }

  /** The head, and what the client says it has had last; it stands before the connection. */
  const headItem = (lane, {pane}) => {
    const {status, lastEventId} = lane
    const known = !lane.notes.includes('unknown-last-event-id')
    const shown = status ? String(status) : 'no head'
    const said = lastEventId ? `, Last-Event-ID ${lastEventId}${known ? '' : ', which the story does not know'}` : ''
    const tone = status >= 400 || status === 0 ? 'wrong' : status >= 300 || lane.closed?.over ? 'other' : ''
    return {
      key: 'head',
      cls: ['head', tone, !known && 'unknown'].filter(Boolean).join(' '),
      x: pane.x(lane.at),
      text: headText(lane),
      title: `${lane.target}${said}: ${shown}`,
    }
  }

  const endItem = (lane, {pane}) => {
    const {kind, by, at, fault} = lane.closed
    const text = lane.stream || kind !== 'end' ? endOf(lane.closed) : ''
    return {key: 'end', cls: `end ${kind} by-${by}`, x: pane.x(at), text, title: fault || endOf(lane.closed)}
  }

  const spanItems = (lane, {pane, now}) => lane.spans.map(({kind, from, to, text}, i) => {
    const lasts = (to ?? lane.until(now)) - from
    const width = Math.max(2, lasts * pane.scale)
    return {key: `s${i}`, cls: `span ${kind}`, x: pane.x(from), width, text, title: `${text}, ${seconds(lasts)}`}
  })

  // --- marks -----------------------------------------------------------------------------------

  /** Return the time of what the text of a mark has to end before. */
  const nextOf = (list, i, lane, planned, scene) => {
    let behind = i + 1
    while (behind < list.length && behind < i + LOOKED_THROUGH && QUIET.has(list[behind].kind)) behind += 1
    if (behind < list.length) return list[behind].at
    if (lane.closed && !lane.refused) return lane.closed.at + BEHIND / scene.pane.scale
    return isFresh(lane, scene) && i > 0 ? 2 * list[i].at - list[i - 1].to : planned
  }

  const isChosen = (lane, {first, last}, selected) =>
    selected?.lane === lane && selected.index !== null && selected.index >= first && selected.index <= last

  const markClass = (cluster, session, chosen) => {
    const {mark} = cluster
    return [
      `mark ${cluster.kind} tone${cluster.mixed ? 0 : toneOf(cluster.type, session)}`,
      cluster.n > 1 && 'many',
      cluster.pushed && 'pushed',
      cluster.breach && 'breach',
      mark.unsent && 'unsent',
      mark.torn && 'torn',
      (mark.failed || mark.met === false) && 'failed',
      chosen && 'selected',
    ].filter(Boolean).join(' ')
  }

  const badgeOf = (n) => {
    if (n < 2) return ''
    return n > 999 ? '1k+' : String(n)
  }

  /** A mark with so many units behind it. */
  const markItem = (cluster, room, chosen, {pane, session}) => {
    const text = labelOf(cluster)
    const wide = Math.min(text.length, LONGEST) * CHARACTER + 20
    const wanted = PLAIN.has(cluster.kind) ? wide + 24 : Math.min(wide, 70)
    return {
      key: `m${cluster.first}`,
      tag: 'button',
      cls: markClass(cluster, session, chosen),
      x: pane.x(cluster.at),
      badge: badgeOf(cluster.n),
      text: room > wanted ? text : '',
      room: Math.min(room - 18, 240),
      said: spoken(cluster),
      index: cluster.first,
    }
  }

  /** The marks in view, at most so many; their texts end before what is `planned`. */
  const markItems = (lane, planned, scene) => {
    const {pane, filter, selected} = scene
    const list = clusters(lane, pane.scale, filter.type)
    const [first, last] = between(list, pane.from - pane.spare, pane.to + pane.spare)
    const step = Math.ceil((last - first) / MOST_MARKS)
    const items = []
    for (let i = first; i < last; i += step) {
      const room = (nextOf(list, i, lane, planned, scene) - list[i].at) * pane.scale
      items.push(markItem(list[i], room, isChosen(lane, list[i], selected), scene))
    }
    return items
  }

  /** Return everything that is to be seen of a lane now. */
  const itemsOf = (lane, scene) => {
    const plan = planOf(lane, scene)
    const planned = plan.find((item) => item.at !== undefined)?.at ?? Infinity
    const items = [
      ...absenceItems(lane, scene),
      ...spanItems(lane, scene),
      ...markItems(lane, planned, scene),
      lane.closed && !lane.closed.over && !lane.refused && endItem(lane, scene),
      ...plan,
      !lane.refused && headItem(lane, scene),
      ...resumeItems(lane, scene),
    ].filter(Boolean)
    return items.filter(({keep, x, width = 0}) => keep || scene.pane.meets(x, x + width + OUTSIDE))
  }

  globalThis.timelineItems = {CHARACTER, isFresh, itemsOf}
})()
