/* What is known of what is selected: an event with its bytes, its line and its check; a connection
   with its head and a table of all that it was told. */

(() => {
  'use strict'

  const {el, fill} = globalThis.dom
  const {moment, seconds} = globalThis.times
  const {absence, endOf} = globalThis.timelineLane
  const {asText, bytesShown, excerpt, sizeOf, unfolded} = globalThis.timelinePieces

  /** Blocks of a connection, and requests that were refused, that are shown. */
  const ROWS = 200

  /** A point of the session's time, to the millisecond. */
  const clockTime = (at) => moment(at, 0.001)

  const isSaid = (value) => value !== undefined && value !== null && value !== ''

  const facts = (pairs) => el('dl', {}, pairs.filter(([, value]) => isSaid(value))
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, String(value))]))

  const quiet = (text) => el('p', {class: 'quiet'}, text)
  const list = (attributes, texts) => el('ul', attributes, texts.map((text) => el('li', {}, text)))

  const table = (attributes, columns, rows) => el('table', attributes,
    el('thead', {}, el('tr', {}, columns.map((name) => el('th', {scope: 'col'}, name)))), el('tbody', {}, rows))

  const headers = (title, pairs) => el('details', {},
    el('summary', {}, `${title} (${pairs.length})`),
    el('table', {class: 'headers'}, pairs.map(([name, value]) => el('tr', {}, el('th', {scope: 'row'}, name), el('td', {}, value)))))

  const CHECKS = {
    fits: ['good', '✓ fits the document'],
    breaks: ['bad', '✗ breaks the contract'],
    'no-schema': ['quiet', 'the document has no schema for it'],
    'no-event': ['quiet', 'no event: a client dispatches nothing'],
    unread: ['warn', 'no whole event: not held against the document'],
  }

  const checkShown = ({status, faults}) => {
    const [tone, text] = CHECKS[status]
    return el('div', {class: 'check'}, el('p', {class: tone}, text), faults.length > 0 && list({}, faults))
  }

  // --- blocks ----------------------------------------------------------------------------------

  const ORIGINS = {script: 'the script', heartbeat: 'a heartbeat', test: 'pushed by a test'}

  const titleOf = ({fields, origin}) => {
    if ('data' in fields) return `event ${fields.type || 'message'}`
    if (origin === 'heartbeat') return 'heartbeat'
    if ('comment' in fields) return 'comment'
    if ('retry' in fields) return 'retry'
    return 'raw' in fields ? 'raw bytes' : 'block'
  }

  const textOf = ({data, comment, raw}) => data ?? comment ?? raw

  const originOf = (mark) => {
    if (mark.kind === 'beat') return 'heartbeat'
    return mark.pushed ? 'test' : 'script'
  }

  /** Find the block of a mark among those that were told: by its number, else by its time. */
  const blockOf = (blocks, mark) => {
    if (mark.block) return blocks.find((one) => one.block === mark.block)
    const away = (one) => Math.abs(one.at - mark.at)
    return blocks.filter((one) => one.origin === originOf(mark)).sort((a, b) => away(a) - away(b))[0]
  }

  /** Return the block of the story behind what is no block of it. */
  const blockBehind = (lane, index) => {
    const before = lane.marks.slice(0, index + 1).findLast((mark) => mark.block)
    return before ? before.block + before.n : 1
  }

  /** Return what is to be asked of a connection, for one of its marks or for all of it. */
  const queryFor = (lane, mark, index) => {
    if (!mark) return `limit=${ROWS}&ahead=0`
    const limit = Math.max(20, Math.min(100, mark.n))
    return `first=${mark.block ?? blockBehind(lane, index)}&limit=${limit}&ahead=0`
  }

  const blockFacts = (lane, block) => {
    const {fields} = block
    return facts([
      ['id', fields.id],
      ['type', 'data' in fields ? fields.type || 'message' : undefined],
      ['retry', fields.retry && `${fields.retry} ms`],
      ['at', clockTime(block.at)],
      ['from', ORIGINS[block.origin]],
      ['block', block.block && `${block.block} of connection ${lane.connection}`],
      ['bytes', `${sizeOf(block)}, from ${block.at_byte} in the body`],
    ])
  }

  const blockText = ({fields}) => {
    const text = textOf(fields)
    if (text === undefined) return []
    const shown = fields.encoding ? quiet('bytes that are no UTF-8') : unfolded(text)
    return [el('h3', {}, 'data' in fields ? 'Data' : 'Text'), shown]
  }

  // --- what is known without asking --------------------------------------------------------------

  const ofCall = (entry) => [
    el('h2', {}, `Called ${entry.name}`),
    facts([
      ['request', `${entry.method} ${entry.url}`],
      ['answer', entry.status || entry.fault || entry.code],
      ['at', clockTime(entry.at)],
      ['took', entry.after === null ? undefined : seconds(entry.after)],
    ]),
    entry.body && [el('h3', {}, 'Sent'), unfolded(entry.body)],
    entry.answer_body && [el('h3', {}, 'Answered'), unfolded(entry.answer_body)],
  ]

  const ofRefusal = (entry) => [
    el('h2', {class: 'bad'}, `Refused with ${entry.status}`),
    facts([['request', entry.target], ['code', entry.code], ['why', entry.what], ['at', clockTime(entry.at)]]),
  ]

  const WHOSE = {client: 'the client', script: 'the script', test: 'a test'}

  const ofBreach = (entry) => [
    el('h2', {class: 'bad'}, 'Breaks the contract'),
    facts([['what', entry.part], ['whose', WHOSE[entry.by]], ['at', clockTime(entry.at)], ['line', entry.where]]),
    list({class: 'faults'}, entry.faults),
  ]

  const ofPush = (entry) => [
    el('h2', {}, entry.sent ? 'Pushed by a test' : 'Push that was not sent'),
    facts([
      ['type', entry.event], ['id', entry.id], ['at', clockTime(entry.at)],
      ['bytes', String(entry.size)], ['violates', entry.violates],
    ]),
    asText(entry.data),
  ]

  const OF_ENTRY = {call: ofCall, refused: ofRefusal, breach: ofBreach}

  // --- connections -------------------------------------------------------------------------------

  const laneFacts = (lane) => {
    const away = absence(lane)
    const {closed} = lane
    return facts([
      ['request', lane.target], ['scenario', lane.sub.scenario], ['status', lane.status || 'none'],
      ['opened', clockTime(lane.at)],
      ['ended', closed ? `${clockTime(closed.at)}, ${endOf(closed)}` : 'it is open'],
      ['why', closed?.fault], ['Last-Event-ID', lane.lastEventId],
      ['away', away && `${seconds(away.away)}${away.told === null ? '' : `, told to wait ${seconds(away.told)}`}`],
      ['notes', lane.notes.join(', ')],
      ['forgotten', lane.lost ? `${lane.lost} marks, to keep within the page's bounds` : ''],
    ])
  }

  const refusals = (lane) => table({class: 'refused'}, ['At', 'Status', 'Request'], lane.marks.slice(-ROWS).map(({entry}) => el('tr', {},
    el('td', {}, clockTime(entry.at)),
    el('td', {class: 'bad'}, String(entry.status)),
    el('td', {}, entry.target, el('br'), el('span', {class: 'quiet'}, entry.what)))))

  const ofAnswer = (lane) => [
    el('h2', {}, `${lane.status} ${lane.target}`), laneFacts(lane),
    quiet('An answer that no scenario gives; the journal keeps no more of it.'),
  ]

  /** Say which of the marks it is that stand in one place. */
  const placeOf = (lane, index) => {
    const drawn = lane.drawn?.list.find(({first, last}) => first <= index && index <= last)
    const many = drawn ? drawn.last - drawn.first + 1 : 1
    return many > 1 && quiet(`${index - drawn.first + 1} of ${many} that stand in this place`)
  }

  const FITS = {fits: '✓', breaks: '✗'}

  class Detail {
    /** `onSelect(lane, index)` is told which mark is to be shown, or with null the connection. */
    constructor(onSelect) {
      this.root = document.getElementById('detail')
      this.onSelect = onSelect
      this.asked = 0
    }

    /** Show what `selected` is: {session, lane, index}; with an index, the mark of the lane. */
    async show(selected) {
      const turn = this.asked += 1
      const put = (...children) => { if (turn === this.asked) this.fill(children) }
      if (!selected) {
        put()
        return
      }
      const {session, lane, index} = selected
      const mark = index === null ? null : lane.marks[index]
      if (mark?.entry) {
        put(this.ofEntry(lane, mark, index))
        if (mark.kind !== 'breach' && !mark.pushed) return
      }
      if (lane.refused) put(el('h2', {}, 'Refused requests'), refusals(lane))
      else if (typeof lane.serial !== 'number') put(ofAnswer(lane))
      else await this.ask(session, lane, mark, index, put)
    }

    /** Put these in the place of what is shown; the button that led here keeps the focus. */
    fill(children) {
      const {id} = document.activeElement
      const within = this.root.contains(document.activeElement)
      fill(this.root, ...children)
      if (within) (document.getElementById(id || 'none') || this.root).focus()
    }

    async ask(session, lane, mark, index, put) {
      const path = `/sessions/${encodeURIComponent(session.name)}/requests/${lane.serial}`
      let told
      try {
        told = await mock.get(`${path}?${queryFor(lane, mark, index)}`)
      } catch (error) {
        put(el('h2', {}, 'Connection'), laneFacts(lane), quiet(error.message))
        return
      }
      const block = mark && blockOf(told.blocks, mark)
      if (!mark) put(this.ofLane(lane, told))
      else if (block) put(await this.ofBlock(lane, told, block, index))
      else if (!mark.entry) put(el('h2', {}, mark.kind), this.toOthers(lane, index), facts([['at', clockTime(mark.at)], ['what', mark.text]]))
    }

    async ofBlock(lane, told, block, index = lane.marks.findIndex((mark) => mark.block && mark.block === block.block)) {
      return [
        el('h2', {}, titleOf(block)), this.toOthers(lane, index),
        blockFacts(lane, block),
        el('h3', {}, 'Contract'), checkShown(block.check),
        blockText(block),
        el('h3', {}, 'Bytes'), bytesShown(block),
        block.origin !== 'test' && [el('h3', {}, 'Scenario'), await excerpt(told.scenario, block.where)],
      ]
    }

    ofEntry(lane, mark, index) {
      const [title, ...parts] = (OF_ENTRY[mark.kind] || ofPush)(mark.entry)
      return [title, this.toOthers(lane, index), ...parts]
    }

    ofLane(lane, told) {
      const {waits, head, blocks} = told
      return [
        el('h2', {}, `Connection ${lane.connection || '(story over)'} · ${lane.operation}`),
        laneFacts(lane),
        waits && el('p', {class: 'warn'}, `The story waits for ${waits}.`),
        headers('Request headers', told.request_headers),
        head && headers(`${head.status} ${head.reason}`, head.headers),
        el('h3', {id: 'told-title'}, `What it was told${told.more ? `, the first ${blocks.length}` : ''}`),
        blocks.length ? this.table(lane, told) : quiet('Nothing yet.'),
      ]
    }

    /** What leads from a mark on: to all of its connection, and to the marks beside it, which may
        stand in the same place. */
    toOthers(lane, index) {
      const all = lane.refused ? 'All refused requests' : `All of connection ${lane.connection}`
      const button = (text, to, id) => el('button', {type: 'button', id, click: () => this.onSelect(lane, to)}, text)
      const {marks} = lane
      return [
        placeOf(lane, index),
        el('p', {class: 'row'}, button(all, null),
          index > 0 && button('Mark before', index - 1, 'before'),
          index >= 0 && index < marks.length - 1 && button('Next mark', index + 1, 'next')),
      ]
    }

    /** The connection as a table: the same as its strip, for whoever cannot see that. */
    table(lane, told) {
      const rows = told.blocks.map((block) => this.row(lane, told, block))
      return table({class: 'told', 'aria-labelledby': 'told-title'}, ['After', 'Type', 'ID', 'Data', 'Fits'], rows)
    }

    row(lane, told, block) {
      const {fields, check} = block
      const show = async () => {
        fill(this.root, await this.ofBlock(lane, told, block))
        this.root.focus()
      }
      return el('tr', {},
        el('td', {}, seconds(block.at - (told.began ?? lane.at))),
        el('td', {}, el('button', {type: 'button', class: 'link', click: show}, titleOf(block).replace(/^event /, ''))),
        el('td', {}, fields.id ?? ''),
        el('td', {class: 'cut'}, (textOf(fields) ?? '').slice(0, 80)),
        el('td', {class: check.status === 'breaks' ? 'bad' : 'quiet'}, FITS[check.status] || ''))
    }
  }

  globalThis.TimelineDetail = Detail
})()
