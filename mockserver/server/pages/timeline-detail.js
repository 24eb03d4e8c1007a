/* What is known of what is selected: an event with its bytes, its line and its check; a connection
   with its head and a table of all that it was told. */

(() => {
  'use strict'

  const {absence, endOf} = globalThis.timelineModel
  const {moment, seconds} = globalThis.timelineLayout
  const {clear, make} = globalThis.timelineDom

  const ROWS = 200
  const DEEP = 3
  const MANY = 200

  const path = (name) => encodeURIComponent(name)

  /** A point of the session's time, to the millisecond. */
  const clockTime = (at) => moment(at, 0.001)

  // --- values unfolded -------------------------------------------------------------------------

  const leaf = ({kind, source}) => make('span', {className: `json ${kind}`, textContent: source})

  /** Return a JSON value, as `writtenJson.read` has it, as a tree that can be folded. */
  const tree = (value, name, depth = 0) => {
    const label = name === undefined ? null : make('span', {className: 'json key', textContent: `${name}: `})
    const {members} = value
    if (!members) return make('div', {className: 'leaf'}, label, leaf(value))
    const isList = value.kind === 'array'
    const [open, shut] = isList ? '[]' : '{}'
    if (!members.length) return make('div', {className: 'leaf'}, label, `${open}${shut}`)
    const summary = make('summary', {}, label, make('span', {className: 'quiet', textContent: isList ? `${open}${members.length}${shut}` : open + (depth ? `${members.length}` : '') + shut}))
    const shown = members.slice(0, MANY).map(([key, one]) => tree(one, key, depth + 1))
    const rest = members.length > MANY ? make('div', {className: 'quiet', textContent: `and ${members.length - MANY} more`}) : null
    return make('details', {open: depth < DEEP}, summary, make('div', {className: 'nest'}, ...shown, rest))
  }

  /** Text that only looks like JSON is text. */
  const unfolded = (text) => {
    const value = globalThis.writtenJson.read(text)
    if (value) return make('div', {className: 'tree', tabIndex: 0}, tree(value))
    return make('pre', {className: 'text', tabIndex: 0, textContent: text})
  }

  // --- bytes -----------------------------------------------------------------------------------

  const bytesOf = (block) => {
    if (block.text !== undefined) return new TextEncoder().encode(block.text)
    return Uint8Array.from(atob(block.base64), (one) => one.charCodeAt(0))
  }

  const UNSEEN = new Map([['\r\n', '\\r\\n\n'], ['\r', '\\r\n'], ['\n', '\\n\n'], ['\t', '\\t'], ['\0', '\\0'], ['\u2028', '\\u2028'], ['\ufeff', '\\ufeff']])

  /** Return text as parts, with what cannot be seen written as in JavaScript, and set apart. */
  const visible = (text) => text.split(/(\r\n|[\r\n\t\0\u2028\ufeff])/).map((part) => (UNSEEN.has(part) ? make('span', {className: 'unseen-byte', textContent: UNSEEN.get(part)}) : part))

  /** How many bytes it is; over a WebSocket its frame has a head besides (RFC 6455 § 5.2). */
  const sizeOf = (block) => {
    const size = bytesOf(block).length
    return size < block.bytes ? `${size}, ${block.bytes} with the head of its frame` : String(block.bytes)
  }

  const hex = (bytes) => {
    const lines = []
    for (let i = 0; i < Math.min(bytes.length, 4096); i += 16) {
      const row = [...bytes.slice(i, i + 16)]
      const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47)
      const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')
      lines.push(`${i.toString(16).padStart(4, '0')}  ${digits}  ${text}`)
    }
    if (bytes.length > 4096) lines.push(`… and ${bytes.length - 4096} bytes more`)
    return lines.join('\n')
  }

  const bytesShown = (block) => {
    const bytes = bytesOf(block)
    const text = block.text === undefined ? null : make('pre', {className: 'bytes', tabIndex: 0}, ...visible(block.text.slice(0, 20000)))
    return [
      text,
      make('details', {open: !text}, make('summary', {textContent: `Hex, ${bytes.length} bytes`}), make('pre', {className: 'hex', tabIndex: 0, textContent: hex(bytes)})),
    ]
  }

  // --- the scenario's line ---------------------------------------------------------------------

  const sources = new Map()

  const sourceOf = async (scenario) => {
    if (!sources.has(scenario)) {
      const [about, text] = await Promise.all([mock.get(`/scenarios/${path(scenario)}`), mock.get(`/scenarios/${path(scenario)}/source`)])
      const line = Number(/:(\d+):\d+$/.exec(about.where)?.[1] || 1)
      sources.set(scenario, {line, lines: String(text).split('\n'), file: about.where.replace(/:\d+:\d+$/, '')})
      if (sources.size > 50) sources.delete(sources.keys().next().value)
    }
    return sources.get(scenario)
  }

  const excerpt = async (scenario, where) => {
    const near = (where || '').split('/').slice(-2).join('/')
    const box = make('div', {className: 'source'}, make('code', {title: where, textContent: near || 'the document shows it'}))
    const [, file, line] = /^(.*):(\d+):\d+$/.exec(where || '') || []
    if (!line || !scenario) return box
    try {
      const source = await sourceOf(scenario)
      if (source.file !== file) return box
      const at = Number(line) - source.line
      const first = Math.max(0, at - 2)
      const rows = source.lines.slice(first, at + 4).map((text, i) => make('span', {className: first + i === at ? 'row here' : 'row'}, make('i', {textContent: String(first + i + source.line)}), text || ' '))
      box.append(make('pre', {tabIndex: 0}, ...rows))
    } catch {
      // A scenario that was changed meanwhile has another text; its line is said all the same.
    }
    return box
  }

  // --- facts -----------------------------------------------------------------------------------

  const facts = (pairs) => make('dl', {}, ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([name, value]) => [make('dt', {textContent: name}), make('dd', {}, value)]))

  const CHECKS = {
    fits: ['good', '✓ fits the document'],
    breaks: ['bad', '✗ breaks the contract'],
    'no-schema': ['quiet', 'the document has no schema for it'],
    'no-event': ['quiet', 'no event: a client dispatches nothing'],
    unread: ['warn', 'no whole event: not held against the document'],
  }

  const checkShown = (check) => {
    const [tone, text] = CHECKS[check.status]
    return make('div', {className: 'check'}, make('p', {className: tone, textContent: text}), check.faults.length ? make('ul', {}, ...check.faults.map((fault) => make('li', {textContent: fault}))) : null)
  }

  const ORIGINS = {script: 'the script', heartbeat: 'a heartbeat', test: 'pushed by a test'}

  const titleOf = (block) => {
    const {fields} = block
    if ('data' in fields) return `event ${fields.type || 'message'}`
    if (block.origin === 'heartbeat') return 'heartbeat'
    if ('comment' in fields) return 'comment'
    if ('retry' in fields) return 'retry'
    return 'raw' in fields ? 'raw bytes' : 'block'
  }

  const headers = (title, list) => make('details', {}, make('summary', {textContent: `${title} (${list.length})`}), make('table', {className: 'headers'}, ...list.map(([name, value]) => make('tr', {}, make('th', {scope: 'row', textContent: name}), make('td', {textContent: value})))))

  class Detail {
    constructor({onSelectMark}) {
      this.root = document.getElementById('detail')
      this.onSelectMark = onSelectMark
      this.asked = 0
    }

    /** Show what `selected` is: {session, lane, index}; with an index, the mark of the lane. */
    async show(selected) {
      const turn = this.asked += 1
      if (!selected) {
        clear(this.root)
        return
      }
      const {session, lane, index} = selected
      const mark = index === null ? null : lane.marks[index]
      if (mark && mark.entry) {
        clear(this.root, ...this.ofEntry(lane, mark))
        if (mark.kind !== 'breach' && !mark.pushed) return
      }
      if (lane.refused) {
        clear(this.root, make('h2', {textContent: 'Refused requests'}), this.refusals(lane))
        return
      }
      if (typeof lane.serial !== 'number') {
        clear(this.root, ...this.ofAnswer(lane))
        return
      }
      const first = mark ? mark.block ?? this.blockNear(lane, index) : 1
      const query = mark ? `?first=${first}&limit=${Math.max(20, Math.min(100, mark.n))}&ahead=0` : `?limit=${ROWS}&ahead=0`
      let told
      try {
        told = await mock.get(`/sessions/${path(session.name)}/requests/${lane.serial}${query}`)
      } catch (error) {
        if (turn === this.asked) clear(this.root, make('h2', {textContent: 'Connection'}), this.laneFacts(lane), make('p', {className: 'quiet', textContent: error.message}))
        return
      }
      if (turn !== this.asked) return
      if (!mark) {
        clear(this.root, ...this.ofLane(lane, told))
        return
      }
      const block = this.blockOf(told, mark)
      if (block) clear(this.root, ...await this.ofBlock(lane, told, block))
      else if (!mark.entry) clear(this.root, make('h2', {textContent: mark.kind}), facts([['at', clockTime(mark.at)], ['what', mark.text]]))
    }

    /** Return the block of the story behind what is no block of it. */
    blockNear(lane, index) {
      for (let i = index; i >= 0; i -= 1) if (lane.marks[i].block) return lane.marks[i].block + lane.marks[i].n
      return 1
    }

    blockOf(told, mark) {
      if (mark.block) return told.blocks.find((one) => one.block === mark.block)
      const origin = mark.kind === 'beat' ? 'heartbeat' : mark.pushed ? 'test' : 'script'
      const fitting = told.blocks.filter((one) => one.origin === origin)
      return fitting.sort((a, b) => Math.abs(a.at - mark.at) - Math.abs(b.at - mark.at))[0]
    }

    async ofBlock(lane, told, block) {
      const {fields} = block
      const text = fields.data ?? fields.comment ?? fields.raw
      return [
        make('h2', {textContent: titleOf(block)}),
        facts([
          ['id', fields.id], ['type', 'data' in fields ? fields.type || 'message' : undefined],
          ['retry', fields.retry && `${fields.retry} ms`], ['at', clockTime(block.at)],
          ['from', ORIGINS[block.origin]], ['block', block.block && `${block.block} of connection ${lane.connection}`],
          ['bytes', `${sizeOf(block)}, from ${block.at_byte} in the body`],
        ]),
        make('h3', {textContent: 'Contract'}), checkShown(block.check),
        text === undefined ? null : make('h3', {textContent: 'data' in fields ? 'Data' : 'Text'}),
        text === undefined ? null : fields.encoding ? make('p', {className: 'quiet', textContent: 'bytes that are no UTF-8'}) : unfolded(text),
        make('h3', {textContent: 'Bytes'}), ...bytesShown(block),
        block.origin === 'test' ? null : make('h3', {textContent: 'Scenario'}),
        block.origin === 'test' ? null : await excerpt(told.scenario, block.where),
        this.toLane(lane),
      ]
    }

    toLane(lane) {
      return make('p', {}, make('button', {type: 'button', textContent: `All of connection ${lane.connection}`, onclick: () => this.onSelectMark(lane, null)}))
    }

    /** What is known of a call, a push or a breach without asking. */
    ofEntry(lane, mark) {
      const {entry} = mark
      if (mark.kind === 'call') {
        return [
          make('h2', {textContent: `Called ${entry.name}`}),
          facts([['request', `${entry.method} ${entry.url}`], ['answer', entry.status || entry.fault || entry.code], ['at', clockTime(entry.at)], ['took', entry.after === null ? undefined : seconds(entry.after)]]),
          entry.body ? make('h3', {textContent: 'Sent'}) : null, entry.body ? unfolded(entry.body) : null,
          entry.answer_body ? make('h3', {textContent: 'Answered'}) : null, entry.answer_body ? unfolded(entry.answer_body) : null,
          this.toLane(lane),
        ]
      }
      if (mark.kind === 'refused') {
        return [
          make('h2', {className: 'bad', textContent: `Refused with ${entry.status}`}),
          facts([['request', entry.target], ['code', entry.code], ['why', entry.what], ['at', clockTime(entry.at)]]),
        ]
      }
      if (mark.kind === 'breach') {
        const whose = {client: 'the client', script: 'the script', test: 'a test'}[entry.by]
        return [
          make('h2', {className: 'bad', textContent: 'Breaks the contract'}),
          facts([['what', entry.part], ['whose', whose], ['at', clockTime(entry.at)], ['line', entry.where]]),
          make('ul', {className: 'faults'}, ...entry.faults.map((fault) => make('li', {textContent: fault}))),
          this.toLane(lane),
        ]
      }
      return [
        make('h2', {textContent: mark.unsent ? 'Push that was not sent' : 'Pushed by a test'}),
        facts([['type', entry.event], ['id', entry.id], ['at', clockTime(entry.at)], ['bytes', String(entry.size)], ['violates', entry.violates]]),
        make('pre', {className: 'bytes', tabIndex: 0}, ...visible(entry.data)),
        this.toLane(lane),
      ]
    }

    refusals(lane) {
      const rows = lane.marks.slice(-ROWS).map(({entry}) => make('tr', {}, make('td', {textContent: clockTime(entry.at)}), make('td', {className: 'bad', textContent: String(entry.status)}), make('td', {}, entry.target, make('br'), make('span', {className: 'quiet', textContent: entry.what}))))
      return make('table', {className: 'refused'}, make('thead', {}, make('tr', {}, ...['At', 'Status', 'Request'].map((name) => make('th', {scope: 'col', textContent: name})))), make('tbody', {}, ...rows))
    }

    ofAnswer(lane) {
      return [make('h2', {textContent: `${lane.status} ${lane.target}`}), this.laneFacts(lane), make('p', {className: 'quiet', textContent: 'An answer that no scenario gives; the journal keeps no more of it.'})]
    }

    laneFacts(lane) {
      const away = absence(lane)
      return facts([
        ['request', lane.target], ['scenario', lane.sub.scenario], ['status', lane.status || 'none'],
        ['opened', clockTime(lane.at)],
        ['ended', lane.closed ? `${clockTime(lane.closed.at)}, ${endOf(lane.closed)}` : 'it is open'],
        ['why', lane.closed?.fault], ['Last-Event-ID', lane.lastEventId],
        ['away', away && `${seconds(away.away)}${away.told === null ? '' : `, told to wait ${seconds(away.told)}`}`],
        ['notes', lane.notes.join(', ')], ['forgotten', lane.lost ? `${lane.lost} marks, to keep within the page's bounds` : ''],
      ])
    }

    ofLane(lane, told) {
      return [
        make('h2', {textContent: `Connection ${lane.connection || '(story over)'} · ${lane.operation}`}),
        this.laneFacts(lane),
        told.waits ? make('p', {className: 'warn', textContent: `The story waits for ${told.waits}.`}) : null,
        headers('Request headers', told.request_headers),
        told.head ? headers(`${told.head.status} ${told.head.reason}`, told.head.headers) : null,
        make('h3', {id: 'told-title', textContent: `What it was told${told.more ? `, the first ${told.blocks.length}` : ''}`}),
        told.blocks.length ? this.table(lane, told) : make('p', {className: 'quiet', textContent: 'Nothing yet.'}),
      ]
    }

    /** The connection as a table: the same as its strip, for whoever cannot see that. */
    table(lane, told) {
      const rows = told.blocks.map((block) => {
        const {fields} = block
        const text = fields.data ?? fields.comment ?? fields.raw ?? ''
        const show = async () => {
          clear(this.root, ...await this.ofBlock(lane, told, block))
          this.root.focus()
        }
        return make('tr', {},
          make('td', {textContent: seconds(block.at - (told.began ?? lane.at))}),
          make('td', {}, make('button', {type: 'button', className: 'link', textContent: titleOf(block).replace(/^event /, ''), onclick: show})),
          make('td', {textContent: fields.id ?? ''}),
          make('td', {className: 'cut', textContent: text.slice(0, 80)}),
          make('td', {className: block.check.status === 'breaks' ? 'bad' : 'quiet', textContent: {fits: '✓', breaks: '✗'}[block.check.status] || ''}))
      })
      const columns = ['After', 'Type', 'ID', 'Data', 'Fits'].map((name) => make('th', {scope: 'col', textContent: name}))
      return make('table', {className: 'told', 'aria-labelledby': 'told-title'}, make('thead', {}, make('tr', {}, ...columns)), make('tbody', {}, ...rows))
    }
  }

  globalThis.TimelineDetail = Detail
})()
