/* Draws the connections of one session: names at the left, strips on the axis of time. Only what is
   in view has elements, and they are used again. It asks nothing of the server. */

(() => {
  'use strict'

  const {absence, endOf, resumedFrom} = globalThis.timelineModel
  const {LANE, HEAD, between, clusters, inView, labelOf, placed, seconds, ticks, toneOf} = globalThis.timelineLayout
  const {make, set, sync} = globalThis.timelineDom

  const SPARE = 160
  const FAR = 4000
  const COUNT_AGAIN = 400
  const GROUP = 16
  const CHARACTER = 6.4
  const MOST_MARKS = 120
  const SVG = 'http://www.w3.org/2000/svg'

  /** Marks over which the text of the one before may stand. */
  const QUIET = new Set(['beat', 'comment'])

  const px = (value) => `${Math.round(value * 10) / 10}px`

  /** What a screen reader says of a mark. */
  const spoken = (cluster) => {
    const {mark, n, kind} = cluster
    const by = cluster.pushed ? ', pushed by a test' : ''
    const wrong = cluster.breach ? ', breaks the contract' : ''
    const at = `at ${seconds(mark.at)}${by}${wrong}`
    if (n > 1) {
      const what = {blocks: 'blocks', raw: 'blocks, raw bytes among them,'}[kind] || 'events'
      return `${n} ${what}${cluster.mixed || !cluster.type || cluster.type === 'message' ? '' : ` of type ${cluster.type}`} ${at}`
    }
    if (kind === 'event') return `event ${mark.type}${mark.id === undefined ? '' : `, id ${mark.id}`} ${at}: ${mark.text}`
    if (kind === 'beat') return `heartbeat ${at}`
    if (kind === 'retry') return `retry ${seconds(mark.retry)} ${at}`
    return `${kind} ${at}: ${mark.text}`
  }

  class Board {
    constructor({onSelect, onFocusLane}) {
      const find = (id) => document.getElementById(id)
      Object.assign(this, {scroll: find('scroll'), canvas: find('canvas'), names: find('names'), strips: find('strips'), bars: find('bars'), past: find('past'), nowLine: find('now'), axis: find('axis'), grid: find('grid')})
      this.frame = document.querySelector('.strips')
      this.onSelect = onSelect
      this.onFocusLane = onFocusLane
      this.rows = new Map()
      this.barsOf = new Map()
      this.labels = new Map()
      this.ticks = new Map()
      this.lines = new Map()
      this.layout = placed([])
      this.base = 0
      this.roving = null
      this.strips.addEventListener('click', (event) => this.clicked(event))
      this.measure()
      this.names.addEventListener('click', (event) => this.clickedName(event))
    }

    /** Look how large everything is; asked between writes, that would cost a layout each time. */
    measure() {
      this.width = Math.max(50, this.frame.clientWidth)
      this.top = this.scroll.scrollTop
      this.height = this.scroll.clientHeight
    }

    /** Take the rows that there are to be seen. */
    arrange(rows) {
      this.layout = placed(rows, 4)
      set(this.canvas.style, 'height', px(this.layout.height + 24))
      this.byLane = new Map(this.layout.rows.filter((row) => row.lane).map((row) => [row.lane, row]))
    }

    /** Show nothing. */
    empty() {
      this.arrange([])
      this.visible = []
      for (const [parent, kept] of [[this.names, this.labels], [this.strips, this.rows], [this.bars, this.barsOf]]) sync(parent, kept, [])
    }

    /** Draw what is in view. `state`: {session, view, now, filter, selected, verdicts}. */
    draw(state) {
      this.state = state
      const {view} = state
      const base = Math.floor(view.from * view.scale / 200000) * 200000
      if (base !== this.base) {
        this.base = base
        for (const row of this.rows.values()) row.drawn = ''
        this.axisDrawn = ''
      }
      const shift = `translateX(${px(this.base - view.from * view.scale)})`
      if (shift !== this.shift) for (const moving of [this.axis, this.grid, this.bars, this.strips]) moving.style.transform = shift
      this.shift = shift
      this.drawNow()
      this.drawAxis(view)
      const [first, end] = inView(this.layout.rows, this.top - LANE, this.top + this.height + LANE)
      const shown = this.layout.rows.slice(first, end)
      this.visible = shown
      this.behind = false
      sync(this.names, this.labels, shown.map((row) => ({...row, key: keyOf(row)})), (row) => this.makeName(row), (element, row) => this.fillName(element, row))
      sync(this.strips, this.rows, shown.filter((row) => row.lane).map((row) => ({...row, key: keyOf(row)})), () => this.makeStrip(), (element, row) => this.fillStrip(element, row))
      sync(this.bars, this.barsOf, this.barsFor(shown), () => make('i', {'aria-hidden': 'true'}), fillBar)
      this.rove()
    }

    /** The line of now, which open connections end at: where the page follows, it stays where it is. */
    drawNow() {
      const {view, now} = this.state
      const at = Math.round(Math.min(this.width + 10, Math.max(-10, (now - view.from) * view.scale)) * 10) / 10
      if (at === this.nowAt) return
      this.nowAt = at
      this.nowLine.style.transform = `translateX(${at}px)`
      this.past.style.width = px(Math.max(0, at))
    }

    /** The bars of connections. Those of open ones go on beyond now, where they are cut off: nothing
        of them is drawn anew while time passes. */
    barsFor(shown) {
      const {view} = this.state
      const least = Math.floor(view.from * view.scale / FAR - 1) * FAR - this.base
      const most = least + Math.ceil(this.width / FAR + 3) * FAR
      const items = []
      for (const row of shown) {
        if (!row.lane) continue
        const {lane} = row
        const left = Math.min(most, Math.max(least, this.x(lane.at)))
        const right = lane.closed ? Math.min(most, Math.max(least, this.x(lane.closed.at))) : most
        items.push({key: keyOf(row), cls: `bar ${stateOf(lane)}`, x: left, y: row.y, width: Math.max(right > least ? 2 : 0, right - left)})
      }
      return items
    }

    /** The place of a time in the strips. */
    x(at) {
      return at * this.state.view.scale - this.base
    }

    drawAxis(view) {
      const cell = [Math.floor(view.from * view.scale / (SPARE / 2)), view.scale, this.width].join(' ')
      if (cell === this.axisDrawn) return
      this.axisDrawn = cell
      const spare = SPARE / view.scale
      const list = ticks(view.from - spare, view.from + this.width / view.scale + spare, view.scale).map((tick) => ({...tick, key: tick.text}))
      sync(this.axis, this.ticks, list, () => make('span', {className: 'tick'}), (element, tick) => {
        set(element.style, 'left', px(this.x(tick.at)))
        set(element, 'textContent', tick.text)
      })
      sync(this.grid, this.lines, list, () => make('i', {className: 'line'}), (element, line) => set(element.style, 'left', px(this.x(line.at))))
    }

    // --- names -------------------------------------------------------------------------------

    makeName(row) {
      if (!row.lane) {
        return make('div', {className: 'name sub', role: 'listitem'}, make('b'), make('code'), make('span', {className: 'scenario'}), make('span', {className: 'verdict'}))
      }
      const element = make('div', {className: 'name lane', role: 'listitem'}, make('button', {type: 'button', tabIndex: -1}, make('i', {className: 'dot'}), make('span', {className: 'which'}), ' ', make('span', {className: 'fate'}), ' ', make('span', {className: 'number'})))
      return element
    }

    fillName(element, row) {
      set(element.style, 'top', px(row.y))
      if (!row.lane) {
        this.fillSub(element, row.sub)
        return
      }
      const {lane} = row
      const selected = this.state.selected?.lane === lane
      const drawn = [lane.serial, stateOf(lane), selected, lane.plan?.waits, lane.refused].join('\n')
      const [count, what] = lane.count
      const counted = `${count} ${what}`
      const same = element.lane === lane && drawn === element.drawn
      if (same && counted === element.counted) return
      // What only counts up is read by nobody twenty times a second.
      if (same && performance.now() - element.filledAt < COUNT_AGAIN) {
        this.behind = true
        return
      }
      Object.assign(element, {lane, drawn, counted, filledAt: performance.now()})
      const button = element.firstChild
      const [, which, fate, number] = button.children
      set(element, 'className', `name lane ${stateOf(lane)}${selected ? ' selected' : ''}`)
      set(which, 'textContent', lane.connection ? `#${lane.connection}` : '–')
      const text = lane.refused ? 'belong to no story' : lane.closed ? (lane.stream || lane.closed.by !== 'script' || lane.closed.kind !== 'end' || lane.closed.over ? endOf(lane.closed) : `${lane.status} answered`) : lane.held ? 'held by a test' : lane.plan?.waits ? `waits for ${lane.plan.waits}` : 'open'
      set(fate, 'textContent', text)
      set(fate, 'title', text)
      set(number, 'textContent', count ? `${count}${what === 'blocks' ? ' blocks' : ''}` : '')
      const spokenCount = count ? ` ${counted}` : ''
      // The name begins with what is seen (WCAG 2.2 § 2.5.3).
      const label = `${which.textContent} ${text}${spokenCount}, connection ${lane.connection} of ${lane.operation}, ${lane.target}`
      if (button.getAttribute('aria-label') !== label) button.setAttribute('aria-label', label)
      button.dataset.serial = lane.serial
      if (selected !== (button.getAttribute('aria-current') === 'true')) button.setAttribute('aria-current', String(selected))
    }

    fillSub(element, sub) {
      const [operation, target, scenario, verdict] = element.children
      set(operation, 'textContent', sub.operation || '–')
      set(target, 'textContent', sub.target)
      set(target, 'title', sub.target)
      set(scenario, 'textContent', sub.scenario)
      set(scenario, 'title', sub.scenario ? `scenario ${sub.scenario}` : '')
      const said = this.state.verdicts?.get(`${sub.scenario}\n${sub.subscription}\n${sub.target}`) || ''
      set(verdict, 'className', `verdict ${said}`)
      set(verdict, 'textContent', {passed: '✓ passed', failed: '✗ failed', pending: '… pending'}[said] || '')
    }

    // --- strips ------------------------------------------------------------------------------

    makeStrip() {
      const element = make('div', {className: 'strip'})
      element.kept = new Map()
      return element
    }

    fillStrip(element, row) {
      const {lane} = row
      const {view, now, filter} = this.state
      if (element.y !== row.y) element.style.top = px(element.y = row.y)
      const cell = Math.floor(view.from * view.scale / (SPARE / 2))
      const span = lane.spans[lane.spans.length - 1]
      const moves = !lane.closed && ((span && span.to === null) || lane.plan) ? this.x(lane.until(now)).toFixed(0) : ''
      const fresh = this.fresh(lane)
      const drawn = [cell, view.scale, this.base, lane.marks.length, lane.version, lane.events, lane.spans.length, lane.held, lane.closed !== null, lane.plan?.at, filter.type, moves, fresh, this.state.selected?.lane === lane ? this.state.selected.index : '', lane.sub.lanes.length, row.y, this.width].join(' ')
      if (element.lane === lane && element.drawn === drawn) return
      element.drawn = drawn
      element.lane = lane
      sync(element, element.kept, this.items(row), createItem, fillItem, putItem)
      while (element.groups?.length && !element.groups[0].firstChild) element.groups.shift().remove()
    }

    /** Everything that is to be seen of a connection now, as {key, cls, x, width, text, label}. */
    items(row) {
      const {lane} = row
      const {view, now, filter, selected} = this.state
      const from = view.from - SPARE / view.scale
      const to = view.from + (this.width + SPARE) / view.scale
      const inside = (item) => item.x + (item.width ?? 0) > this.x(from) - 260 && item.x < this.x(to)
      const end = lane.until(now)
      const items = []
      this.addAbsence(items, lane)
      for (const [i, span] of lane.spans.entries()) {
        const stop = span.to ?? end
        items.push({key: `s${i}`, cls: `span ${span.kind}`, x: this.x(span.from), width: Math.max(2, (stop - span.from) * view.scale), text: span.text, title: `${span.text}, ${seconds(stop - span.from)}`})
      }
      const list = clusters(lane, view.scale, filter.type)
      const [first, last] = between(list, from, to)
      const step = Math.ceil((last - first) / MOST_MARKS)
      const plan = []
      if (!lane.closed) this.addPlan(plan, lane, now)
      const planned = plan.find((item) => item.at !== undefined)?.at ?? Infinity
      for (let i = first; i < last; i += step) {
        const cluster = list[i]
        let behind = i + 1
        while (behind < list.length && behind < i + 40 && QUIET.has(list[behind].kind)) behind += 1
        const next = behind < list.length ? list[behind].at : lane.closed && !lane.refused ? lane.closed.at + 400 / view.scale : this.fresh(lane) && i > 0 ? 2 * cluster.at - list[i - 1].to : planned
        const chosen = selected && selected.lane === lane && selected.index >= cluster.first && selected.index <= cluster.last
        items.push(this.mark(cluster, (next - cluster.at) * view.scale, chosen))
      }
      if (lane.closed && !lane.closed.over && !lane.refused) items.push({key: 'end', cls: `end ${lane.closed.kind} by-${lane.closed.by}`, x: this.x(lane.closed.at), text: this.endText(lane), title: lane.closed.fault || endOf(lane.closed)})
      items.push(...plan)
      if (!lane.refused) items.push(this.head(lane))
      if (lane.lastEventId) this.addResume(items, row)
      return items.filter((item) => item.keep || inside(item))
    }

    /** The head, and what the client says it has had last; it stands before the connection. */
    head(lane) {
      const wrong = lane.status >= 400 || lane.status === 0
      const status = lane.status ? String(lane.status) : 'no head'
      const known = !lane.notes.includes('unknown-last-event-id')
      const resumes = lane.lastEventId ? `↻ ${lane.lastEventId}${known ? '' : ' ?'}` : ''
      const said = lane.lastEventId ? `, Last-Event-ID ${lane.lastEventId}${known ? '' : ', which the story does not know'}` : ''
      return {key: 'head', cls: `head ${wrong ? 'wrong' : lane.status >= 300 || lane.closed?.over ? 'other' : ''}${known ? '' : ' unknown'}`, x: this.x(lane.at), text: [resumes, status].filter(Boolean).join('  '), title: `${lane.target}${said}: ${status}`}
    }

    /** Whether the next event may come at any moment: beside the last one there is as much room as
        before it, where time passes. */
    fresh(lane) {
      return this.state.moving && !lane.closed && this.state.now - lane.last < 1
    }

    endText(lane) {
      return lane.stream || lane.closed.kind !== 'end' ? endOf(lane.closed) : ''
    }

    mark(cluster, room, chosen) {
      const text = labelOf(cluster)
      const many = cluster.n > 1
      const wide = Math.min(text.length, 30) * CHARACTER + 20
      const plain = ['beat', 'comment', 'retry', 'field'].includes(cluster.kind)
      return {
        key: `m${cluster.first}`,
        tag: 'button',
        cls: `mark ${cluster.kind} tone${cluster.mixed ? 0 : toneOf(cluster.type, this.state.session)}${many ? ' many' : ''}${cluster.pushed ? ' pushed' : ''}${cluster.breach ? ' breach' : ''}${cluster.mark.unsent ? ' unsent' : ''}${cluster.mark.torn ? ' torn' : ''}${cluster.mark.failed || cluster.mark.met === false ? ' failed' : ''}${chosen ? ' selected' : ''}`,
        x: this.x(cluster.at),
        badge: many ? (cluster.n > 999 ? '1k+' : String(cluster.n)) : '',
        text: room > (plain ? wide + 24 : Math.min(wide, 70)) ? text : '',
        room: Math.min(room - 18, 240),
        said: spoken(cluster),
        index: cluster.first,
      }
    }

    /** The time in which the client was away before this connection, against what it was told. */
    addAbsence(items, lane) {
      const away = absence(lane)
      if (!away || !(away.away > 0)) return
      const told = away.told === null ? 'not told how long' : `told ${seconds(away.told)}`
      const words = {early: 'too early', late: 'late'}[away.verdict]
      const text = `away ${seconds(away.away)} · ${told}${words ? ` · ${words}` : ''}`
      const scale = this.state.view.scale
      const width = Math.max(2, away.away * scale)
      const inside = width > text.length * 5.6 + 70
      items.push({key: 'away', cls: `away ${away.verdict}`, x: this.x(away.from), width, text: inside ? text : '', title: `The client was ${text}`})
      if (!inside) items.push({key: 'awaysaid', cls: `away-said ${away.verdict}`, x: this.x(away.from), text, title: `The client was ${text}`})
      if (away.told !== null) items.push({key: 'hint', cls: 'hint', x: this.x(away.from + away.told), title: `It was told to wait ${seconds(away.told)}`})
    }

    /** What is still to come: dashed, with how long it takes until then. */
    addPlan(items, lane, now) {
      const {plan} = lane
      if (!plan) return
      const scale = this.state.view.scale
      const span = lane.spans[lane.spans.length - 1]
      const late = lane.held ? now - span.from : 0
      let before = Math.max(lane.last, lane.at)
      let shownX = -Infinity
      for (const {cue, index: i, at} of lane.ahead(now)) {
        const x = this.x(at)
        if (x - shownX < 9 && cue.cue === 'send') continue
        const wait = at - before
        if (wait * scale > 46) items.push({key: `w${i}`, cls: 'wait', x: this.x(before) + 8, width: wait * scale - 16, text: wait * scale > 60 ? seconds(wait) : ''})
        shownX = x
        before = at
        if (cue.cue === 'hold' || cue.cue === 'stall') {
          const until = cue.until === null ? Math.max(now, at) + 120 / scale : cue.until + late
          items.push({key: `p${i}`, cls: `span plan ${cue.cue}`, x, width: (until - at) * scale, text: cue.until === null ? `${cue.cue} for ever` : `${cue.cue} ${seconds(until - at)}`})
          continue
        }
        if (cue.cue === 'await') {
          const until = Math.max(now, at)
          items.push({key: `p${i}`, cls: 'span waiting', x, width: Math.max(150, (until - at) * scale), text: `waits for ${cue.name}`})
          continue
        }
        const kind = cue.cue === 'send' ? (cue.origin === 'heartbeat' ? 'beat' : 'data' in cue.fields ? 'event' : 'comment') : cue.cue
        const text = cue.cue === 'send' ? (kind === 'event' ? `${cue.fields.id === undefined ? '' : `#${cue.fields.id} `}${cue.fields.type || ''}` : '') : cue.cue === 'call' ? `calls ${cue.name}` : `will ${{end: 'end', drop: 'drop', reset: 'be reset'}[cue.cue]}`
        items.push({key: `p${i}`, cls: `planned ${kind} tone${toneOf(cue.fields?.type, this.state.session)}`, x, at, text, title: `Still to come, at ${seconds(at)}: ${text || kind}`})
      }
      leaveOut(items)
    }

    /** The arrow from the event that a client has had last to where it takes up the story. */
    addResume(items, row) {
      const {lane} = row
      const found = resumedFrom(lane)
      const to = this.x(lane.at)
      const source = found && this.byLane.get(found[0])
      if (!source) return
      const from = this.x(found[1].at)
      if (Math.max(from, to) < this.x(this.state.view.from) - SPARE || Math.min(from, to) > this.x(this.state.view.from + this.width / this.state.view.scale) + SPARE) return
      items.push({key: 'arrow', tag: 'svg', cls: 'arrow', from, to, up: row.y - source.y, keep: true, x: from, label: `Resumes after event ${lane.lastEventId} of connection ${found[0].connection}`})
    }

    // --- pointing ----------------------------------------------------------------------------

    clicked(event) {
      const mark = event.target.closest('button.mark')
      if (!mark) return
      this.onSelect(mark.closest('.strip').lane, mark.index, mark)
    }

    clickedName(event) {
      const button = event.target.closest('button')
      if (button) this.onSelect(button.parentElement && this.laneOf(button), null, button)
    }

    laneOf(button) {
      const {serial} = button.dataset
      return this.state.session.lanes.get(serial) || this.state.session.lanes.get(Number(serial))
    }

    nameButton(lane) {
      const row = this.byLane?.get(lane)
      return row ? this.labels.get(keyOf(row))?.firstChild : null
    }

    strip(lane) {
      const row = this.byLane?.get(lane)
      return row ? this.rows.get(keyOf(row)) : null
    }

    /** Let one connection be where Tab comes in. */
    rove() {
      const known = this.roving && this.byLane?.has(this.roving)
      if (!known) this.roving = this.visible.find((row) => row.lane)?.lane || null
      for (const row of this.visible) {
        if (row.lane) set(this.labels.get(keyOf(row)).firstChild, 'tabIndex', row.lane === this.roving ? 0 : -1)
      }
    }

    /** Move the focus to another connection, which is brought into view. */
    goTo(lane, focus = true) {
      const row = this.byLane?.get(lane)
      if (!row) return
      this.roving = lane
      const {scroll} = this
      if (row.y - HEAD < scroll.scrollTop) scroll.scrollTop = row.y - HEAD
      else if (row.y + LANE > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = row.y + LANE - scroll.clientHeight + 8
      this.measure()
      this.draw(this.state)
      if (focus) this.nameButton(lane)?.focus({preventScroll: true})
      this.onFocusLane(lane)
    }

    /** Return the connection so many rows away. */
    neighbour(lane, step) {
      const lanes = this.layout.rows.filter((row) => row.lane)
      const at = lanes.findIndex((row) => row.lane === lane)
      return lanes[Math.min(lanes.length - 1, Math.max(0, at + step))]?.lane
    }
  }

  const keyOf = (row) => (row.lane ? `l${row.lane.serial}` : `s${row.sub.number}`)

  const stateOf = (lane) => {
    if (!lane.closed) return lane.held ? 'open held' : 'open'
    if (lane.status >= 400 || lane.status === 0) return 'closed wrong'
    return 'closed'
  }

  /** Leave out what would be written over the next of its kind; ends are written lower. */
  const leaveOut = (items) => {
    for (const kind of ['event', 'end']) {
      let next = Infinity
      for (const item of items.filter((one) => one.at !== undefined && one.text && / event /.test(one.cls) === (kind === 'event')).reverse()) {
        const taken = item.x + 12 + item.text.length * 6
        if (taken > next) item.text = ''
        next = item.x
      }
    }
  }

  const fillBar = (element, {cls, x, y, width}) => {
    if (element.className !== cls) element.className = cls
    const drawn = `${x} ${y} ${width}`
    if (element.drawn === drawn) return
    element.drawn = drawn
    Object.assign(element.style, {left: px(x), top: px(y), width: px(width)})
  }

  const createItem = (item) => {
    if (item.tag === 'svg') {
      const svg = document.createElementNS(SVG, 'svg')
      svg.setAttribute('role', 'img')
      for (const name of ['line', 'tip']) {
        const path = document.createElementNS(SVG, 'path')
        path.setAttribute('class', name)
        svg.append(path)
      }
      return svg
    }
    if (item.tag === 'button') return make('button', {type: 'button', tabIndex: -1}, make('i'), make('span'))
    return make('span', {'aria-hidden': 'true'})
  }

  /** Marks stand in groups in their strip: a new one has only the last group painted anew. */
  const putItem = (strip, element) => {
    strip.groups ||= []
    const {groups} = strip
    if (element.localName !== 'button') strip.append(element)
    else if (groups.length && groups[groups.length - 1].childElementCount < GROUP) groups[groups.length - 1].append(element)
    else {
      const group = make('div', {className: 'marks'}, element)
      groups.push(group)
      strip.append(group)
    }
  }

  /** Return as much of a text as fits in so many pixels. */
  const short = (text, room) => (text.length * CHARACTER <= room ? text : `${text.slice(0, Math.max(0, Math.floor(room / CHARACTER) - 1))}…`)

  /** Write what has changed of an item since it was written last: reading it off the page is slow. */
  const fillItem = (element, item) => {
    if (item.tag === 'svg') {
      fillArrow(element, item)
      return
    }
    const was = element.item || {}
    element.item = item
    if (was.cls !== item.cls) element.className = item.cls
    if (was.x !== item.x) element.style.left = px(item.x)
    if (item.tag === 'button') {
      fillMark(element, item, was)
      return
    }
    if (was.width !== item.width) element.style.width = item.width === undefined ? '' : px(item.width)
    if (was.text !== item.text) element.textContent = item.text ?? ''
    if (was.title !== item.title) element.title = item.title ?? ''
  }

  const fillMark = (element, item, was) => {
    element.index = item.index
    if (was.badge !== item.badge) element.firstChild.textContent = item.badge
    const shown = short(item.text, item.room)
    if (element.shown !== shown) element.lastChild.textContent = element.shown = shown
    if (was.said === item.said && was.text === item.text && was.badge === item.badge) return
    element.title = item.said
    element.setAttribute('aria-label', [item.badge, item.text, item.said].filter(Boolean).join(', '))
  }

  const fillArrow = (svg, {from, to, up, label}) => {
    const left = Math.min(from, to) - 8
    const width = Math.abs(to - from) + 24
    svg.setAttribute('class', 'arrow')
    svg.setAttribute('aria-label', label)
    svg.setAttribute('width', width)
    svg.setAttribute('height', up)
    set(svg.style, 'left', px(left))
    set(svg.style, 'top', px(LANE / 2 - up))
    const [x1, x2, y1, y2] = [from - left, to - left, 7, up - 9]
    const bend = Math.min(24, up / 2)
    const d = `M${x1} ${y1} C${x1} ${y1 + bend + 8} ${x2} ${y2 - bend - 14} ${x2} ${y2}`
    svg.firstChild.setAttribute('d', d)
    svg.lastChild.setAttribute('d', `M${x2 - 3.5} ${y2 - 5} L${x2} ${y2} L${x2 + 3.5} ${y2 - 5}`)
  }

  Board.spoken = spoken
  globalThis.TimelineBoard = Board
})()
