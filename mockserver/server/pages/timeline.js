/* The timeline page: follows the journal, keeps the model, and lets the board draw it. */

(() => {
  'use strict'

  const {Timeline, rowsOf} = globalThis.timelineModel
  const {fitted, zoomed} = globalThis.timelineLayout
  const {clear, make, set} = globalThis.timelineDom

  const SECONDS_SHOWN = 20
  const FRAME = 50
  const QUIET_FRAME = 500
  const COUNT_AGAIN = 400
  const BEGINNING = 150
  const POLL = 2500
  const SUMMARY = 1200
  const SPEAK = 8000
  const PLAN_AGAIN = 4000
  const ASKED_AT_ONCE = 2

  const find = (id) => document.getElementById(id)
  const path = (name) => encodeURIComponent(name)
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const hash = new URLSearchParams(location.hash.slice(1))

  const model = new Timeline()
  const infos = new Map()
  const state = {
    session: null,
    chosen: hash.get('session') || '',
    view: {from: -1, scale: 50},
    follow: true,
    filter: {operation: hash.get('operation') || '', type: hash.get('type') || '', streams: hash.get('streams') === '1'},
    selected: null,
    verdicts: new Map(),
    now: 0,
    shape: -1,
    begun: false,
    named: false,
  }

  const board = new globalThis.TimelineBoard({onSelect: select, onFocusLane: () => {}})
  const detail = new globalThis.TimelineDetail({onSelectMark: (lane, index) => select(lane, index)})
  const actions = new globalThis.TimelineActions({changed: () => poll()})

  // --- time ------------------------------------------------------------------------------------

  /** What time it is in a session, as far as is known here. */
  const nowOf = (session) => {
    const info = infos.get(session.name)
    if (!info) return session.last
    const factor = info.clock === 'real' ? 1 : /^[\d.]+x$/.test(info.clock) ? parseFloat(info.clock) : 0
    return Math.max(session.last, info.now + factor * (performance.now() - info.asked) / 1000)
  }

  const passes = () => {
    const clock = infos.get(state.session?.name)?.clock || ''
    return clock === 'real' || clock.endsWith('x')
  }

  // --- drawing ---------------------------------------------------------------------------------

  let frame = 0
  let drawnAt = 0
  let dirty = true
  let arrangedAt = 0
  let toldAt = 0
  let namesTold = -1
  let later = 0

  const draw = () => {
    frame = 0
    const {session} = state
    find('empty').hidden = !state.begun || !state.named || Boolean(session && session.lanes.size) || model.entries > 0
    find('board').hidden = !find('empty').hidden
    if (!session) return
    dirty = false
    drawnAt = performance.now()
    board.measure()
    state.now = nowOf(session)
    if (state.shape !== session.shape || (state.filter.type && drawnAt - arrangedAt > 500)) arrange()
    if (state.follow) state.view.from = state.now - board.width * 0.82 / state.view.scale
    state.moving = passes()
    board.draw(state)
    if (board.behind) later ||= setTimeout(() => { later = 0; wake() }, COUNT_AGAIN)
    placePosition()
    // What only counts up is read by nobody twenty times a second.
    const names = session.types.size + session.operations.size
    if (names !== namesTold || drawnAt - toldAt > COUNT_AGAIN || !passes()) told(names)
    else later ||= setTimeout(() => { later = 0; wake() }, COUNT_AGAIN)
  }

  const arrange = () => {
    const {session} = state
    const atEnd = board.scroll.scrollTop + board.scroll.clientHeight > board.scroll.scrollHeight - 60
    state.shape = session.shape
    arrangedAt = drawnAt
    board.arrange(rowsOf(session, state.filter))
    if (state.follow && atEnd) {
      board.scroll.scrollTop = board.scroll.scrollHeight
      board.measure()
    }
  }

  /** Draw in the next frame, at most every FRAME: what comes in between is read. */
  const wake = () => {
    dirty = true
    if (frame) return
    const rest = drawnAt + FRAME - performance.now()
    if (rest < 4) frame = requestAnimationFrame(draw)
    else frame = setTimeout(() => { frame = requestAnimationFrame(draw) }, rest)
  }

  /** Let time pass on the page while it does in the session and something is open. */
  setInterval(() => {
    const {session} = state
    if (!session || document.hidden || frame) return
    const moving = state.follow && passes() && session.open > 0
    const every = calm.matches ? QUIET_FRAME * 2 : moving ? FRAME : QUIET_FRAME
    if (dirty || ((moving || (passes() && session.open > 0)) && performance.now() - drawnAt >= every)) wake()
  }, FRAME)

  const placePosition = () => {
    const {view, now} = state
    const span = Math.max(now, 1)
    const at = (view.from + board.width * 0.82 / view.scale) / span
    const value = String(Math.round(Math.min(1, Math.max(0, at)) * 1000))
    const input = find('position')
    if (document.activeElement !== input && input.value !== value) input.value = value
  }

  // --- what else is said -----------------------------------------------------------------------

  const told = (names) => {
    const {session} = state
    toldAt = drawnAt
    namesTold = names
    const open = session.open
    const parts = [`${session.connections} ${session.connections === 1 ? 'connection' : 'connections'}`, `${open} open`, session.told]
    if (session.strangers.size) parts.push(`${session.strangers.size} more that began unseen`)
    if (session.lostMarks || session.lostLanes) parts.push('the oldest let go')
    set(find('counts'), 'textContent', parts.join(' · '))
    set(find('counts'), 'title', parts.join(' · '))
    options(find('filter-operation'), [...session.operations.keys()].sort(), state.filter.operation)
    options(find('filter-type'), [...session.types.keys()].sort(), state.filter.type)
  }

  const options = (select, names, chosen) => {
    const all = chosen && !names.includes(chosen) ? [...names, chosen] : names
    const known = [...select.options].slice(1).map((one) => one.value)
    if (known.join('\n') !== all.join('\n')) {
      clear(select, select.options[0], ...all.map((value) => make('option', {value, textContent: value})))
    }
    if (select.value !== chosen) select.value = chosen
  }

  const notice = (text, tone = '') => {
    const element = find('notice')
    element.hidden = !text
    element.className = `notice ${tone}`
    set(element, 'textContent', text)
  }

  /** Say what holds of the session that is shown; what is missing may be of any. */
  const noticeOf = (session) => {
    if (session?.gone) notice('This session was deleted.', 'warn')
    else notice(model.missed ? `${model.missed} entries were gone before they could be told; of which sessions they were is not known.` : '', 'warn')
  }

  let heard = new Map()
  const hear = (what) => heard.set(what, (heard.get(what) || 0) + 1)
  setInterval(() => {
    if (!heard.size || document.hidden) return
    const text = [...heard].map(([what, count]) => `${count} ${what}`).join(', ')
    heard = new Map()
    find('said').textContent = `Session ${state.session?.name}: ${text}`
  }, SPEAK)
  const SPOKEN = {opened: 'opened', closed: 'ended', violated: 'breaking the contract', refused: 'refused', pushed: 'pushed', sent: 'sent'}

  // --- sessions --------------------------------------------------------------------------------

  const sessionItems = new Map()
  let listedAs = ''

  const listSessions = () => {
    const names = [...new Set([...infos.keys(), ...model.sessions.keys()])].filter((name) => !(model.sessions.get(name)?.gone && !infos.has(name)))
    names.sort((a, b) => (b === 'default') - (a === 'default') || a.localeCompare(b, 'en', {numeric: true}))
    const key = names.join('\n')
    if (key !== listedAs) {
      listedAs = key
      const shown = names.slice(0, 300)
      for (const name of sessionItems.keys()) if (!shown.includes(name)) sessionItems.delete(name)
      clear(find('sessions'), ...shown.map((name) => {
        const item = sessionItems.get(name) || make('li', {}, make('button', {type: 'button', onclick: () => choose(name)}, make('i', {className: 'dot'}), make('span', {className: 'session-name', textContent: name}), make('span', {className: 'session-count'})))
        sessionItems.set(name, item)
        return item
      }), names.length > shown.length ? make('li', {className: 'quiet', textContent: `and ${names.length - shown.length} more`}) : null)
    }
    for (const [name, item] of sessionItems) {
      const session = model.sessions.get(name)
      const open = session ? session.open : 0
      const button = item.firstChild
      set(button, 'className', open ? 'open' : '')
      set(button.lastChild, 'textContent', session?.lanes.size ? `${open ? `${open} open of ` : ''}${session.connections}` : '–')
      button.setAttribute('aria-current', String(name === state.session?.name))
    }
  }

  function choose(name, byHand = true) {
    state.session = model.session(name)
    if (state.session.gone || !find('notice').classList.contains('fresh')) noticeOf(state.session)
    if (byHand) {
      state.chosen = name
      remember()
    }
    state.shape = -1
    state.selected = null
    state.verdicts = new Map()
    state.follow = true
    showFollow()
    detail.show(null)
    actions.select(null)
    showActions()
    listSessions()
    summarise()
    wake()
  }

  const remember = () => {
    const told = new URLSearchParams()
    if (state.chosen) told.set('session', state.chosen)
    if (state.filter.operation) told.set('operation', state.filter.operation)
    if (state.filter.type) told.set('type', state.filter.type)
    if (state.filter.streams) told.set('streams', '1')
    history.replaceState(null, '', `#${told}`)
  }

  /** Offer what can be done to the session that is shown; to one that was deleted, nothing. */
  const showActions = () => {
    const {session} = state
    if (!session) return
    const info = infos.get(session.name) || null
    actions.show(info, session.name, Boolean(session.gone))
  }

  let polling = false
  async function poll() {
    if (polling) return
    polling = true
    try {
      const {sessions} = await mock.get('/sessions')
      const asked = performance.now()
      infos.clear()
      for (const info of sessions) infos.set(info.name, {...info, asked})
      showActions()
      listSessions()
      wake()
    } catch {
      // The live stream says that the server is away.
    } finally {
      polling = false
    }
  }

  let summarised = -1
  async function summarise() {
    const {session} = state
    if (!session) return
    summarised = session.changed
    if (session.gone) return
    try {
      const [verdict, coverage] = await Promise.all([mock.get(`/sessions/${path(session.name)}/verdict`), mock.get(`/sessions/${path(session.name)}/coverage`)])
      if (session !== state.session || session.gone) return
      actions.summarise(verdict, coverage)
      state.verdicts = verdictsOf(verdict)
      wake()
    } catch {
      // A session that is gone has none.
    }
  }

  /** Return the worst that was said of each subscription. */
  const verdictsOf = (verdict) => {
    const rank = {passed: 0, pending: 1, failed: 2}
    const found = new Map()
    for (const {scenario, expectations} of verdict.scenarios) {
      for (const {judged} of expectations) {
        for (const one of judged) {
          const key = `${scenario}\n${one.subscription}\n${one.target}`
          if (!found.has(key) || rank[one.status] > rank[found.get(key)]) found.set(key, one.status)
        }
      }
    }
    return found
  }

  setInterval(() => {
    if (document.hidden || !state.session) return
    if (state.session.changed !== summarised) summarise()
    listSessions()
  }, SUMMARY)
  setInterval(() => { if (!document.hidden) poll() }, POLL)

  // --- what is asked of what is in view ----------------------------------------------------------

  let asking = 0
  const askedFor = new Map()

  /** Ask for what is still to come on an open connection, and for blocks that were told without. */
  const look = () => {
    const {session} = state
    if (!session || document.hidden || find('board').hidden) return
    for (const {lane} of board.visible || []) {
      if (asking >= ASKED_AT_ONCE) return
      if (!lane || typeof lane.serial !== 'number' || lane.connection === 0) continue
      const now = performance.now()
      if (now - (askedFor.get(lane) || -Infinity) < PLAN_AGAIN) continue
      const from = state.view.from
      const to = from + board.width / state.view.scale
      const folded = lane.unknown ? lane.marks.find((mark) => mark.kind === 'blocks' && mark.at >= from && mark.at <= to) : null
      // Where reading is behind, what came last of all is what now is.
      const reached = state.now - session.last < 1 && session.open > 1 ? session.last : state.now
      const quiet = reached - lane.last > 0.4 || !passes()
      const used = !lane.plan || lane.plan.blocks + lane.plan.sends <= lane.blocks
      if (folded && lane.unknown <= 2000) ask(session, lane, `first=${folded.block}&limit=500&ahead=0`)
      else if (!lane.closed && used && (quiet || lane === state.selected?.lane) && lane.blocks <= 5000) ask(session, lane, 'limit=0&ahead=40')
    }
  }

  const ask = async (session, lane, query) => {
    asking += 1
    askedFor.set(lane, performance.now())
    if (askedFor.size > 500) askedFor.delete(askedFor.keys().next().value)
    const blocks = lane.blocks
    try {
      const told = await mock.get(`/sessions/${path(session.name)}/requests/${lane.serial}?${query}`)
      if (told.blocks.length) session.unfold(lane.serial, told.blocks)
      if (!query.endsWith('ahead=0') && !lane.closed && blocks === lane.blocks) {
        const sends = told.ahead.filter((cue) => cue.cue === 'send' && cue.origin === 'script').length
        lane.plan = {ahead: told.ahead, waits: told.waits, blocks, sends: told.goes_on ? sends : Infinity, at: performance.now()}
        offer()
      }
      wake()
    } catch {
      // It was forgotten, or is gone: there is nothing to show.
    } finally {
      asking -= 1
    }
  }
  setInterval(look, 150)

  const offer = () => {
    const waits = new Set()
    for (const lane of state.session?.lanes.values() || []) {
      const name = !lane.closed && lane.plan ? (lane.plan.waits || lane.plan.ahead.find((cue) => cue.cue === 'await')?.name) : ''
      if (name?.startsWith('signal ')) waits.add(name.slice(7))
    }
    actions.offer(scenarios, [...waits])
  }

  let scenarios = []
  let streams = []
  const loadNames = async () => {
    try {
      scenarios = (await mock.get('/scenarios')).scenarios.map((one) => one.name)
      streams = (await mock.get('/streams')).streams
    } catch {
      return
    }
    offer()
    state.named = true
    wake()
    const first = streams.find((one) => one.scenarios) || streams[0]
    const target = first ? first.target : '/'
    const quoted = /[^\w./:@~-]/.test(target) ? `'${location.origin}${target}'` : location.origin + target
    const method = first && first.method !== 'GET' ? `-X ${first.method} ` : ''
    find('empty-curl').textContent = `curl -N ${method}${quoted}`
    find('empty-more').textContent = first
      ? `It opens ${first.operation}. A test that uses ${location.origin}/@its-name has a session of its own here.`
      : 'The document has no operation that streams; whatever is asked of the server is shown here all the same.'
  }

  // --- selecting -------------------------------------------------------------------------------

  function select(lane, index) {
    state.selected = {session: state.session, lane, index}
    board.roving = lane
    actions.select(lane)
    detail.show(state.selected)
    askedFor.delete(lane)
    wake()
  }

  const deselect = () => {
    const lane = state.selected?.lane
    state.selected = null
    actions.select(null)
    detail.show(null)
    wake()
    return lane
  }

  // --- following, zooming ------------------------------------------------------------------------

  const showFollow = () => {
    const button = find('follow')
    button.setAttribute('aria-pressed', String(state.follow))
    set(button, 'textContent', state.follow ? 'Following' : 'Follow')
  }

  const setFollow = (follow) => {
    state.follow = follow
    showFollow()
    wake()
  }

  const zoom = (factor, x = board.width * (state.follow ? 0.82 : 0.5)) => {
    Object.assign(state.view, zoomed(state.view, factor, x))
    wake()
  }

  const pan = (pixels) => {
    state.view.from += pixels / state.view.scale
    if (state.follow) setFollow(false)
    wake()
  }

  const fit = () => {
    const {session} = state
    if (!session || !session.lanes.size) return
    let from = Infinity
    for (const lane of session.lanes.values()) from = Math.min(from, lane.at)
    const to = Math.max(session.last, session.open ? nowOf(session) : 0)
    Object.assign(state.view, fitted(from, to, board.width))
    setFollow(false)
  }

  board.scroll.addEventListener('scroll', () => wake(), {passive: true})
  board.scroll.addEventListener('wheel', (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      zoom(Math.exp(-event.deltaY / 300), event.clientX - board.frame.getBoundingClientRect().left)
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault()
      pan(sideways)
    }
  }, {passive: false})

  let dragged = null
  board.frame.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.target.closest('button')) return
    dragged = {x: event.clientX}
    board.frame.setPointerCapture(event.pointerId)
  })
  board.frame.addEventListener('pointermove', (event) => {
    if (!dragged) return
    if (event.clientX !== dragged.x) pan(dragged.x - event.clientX)
    dragged.x = event.clientX
  })
  board.frame.addEventListener('pointerup', () => { dragged = null })

  find('position').addEventListener('input', (event) => {
    state.view.from = event.target.value / 1000 * Math.max(state.now, 1) - board.width * 0.82 / state.view.scale
    setFollow(false)
  })
  find('follow').addEventListener('click', () => setFollow(!state.follow))
  find('zoom-in').addEventListener('click', () => zoom(1.6))
  find('zoom-out').addEventListener('click', () => zoom(1 / 1.6))
  find('fit').addEventListener('click', fit)
  find('keys-open').addEventListener('click', () => find('keys').showModal())
  addEventListener('resize', () => wake())

  for (const [id, name] of [['filter-operation', 'operation'], ['filter-type', 'type']]) {
    find(id).addEventListener('change', (event) => {
      state.filter[name] = event.target.value
      state.shape = -1
      remember()
      wake()
    })
  }
  find('filter-streams').checked = state.filter.streams
  find('filter-streams').addEventListener('change', (event) => {
    state.filter.streams = event.target.checked
    state.shape = -1
    remember()
    wake()
  })

  find('copy').addEventListener('click', async (event) => {
    const button = event.currentTarget
    const text = find('empty-curl').textContent
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
    } catch {
      getSelection().selectAllChildren(find('empty-curl'))
      button.textContent = 'Selected'
    }
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  })

  // --- keys --------------------------------------------------------------------------------------

  const laneAt = (element) => {
    const strip = element.closest('.strip')
    if (strip) return strip.lane
    const button = element.closest('.names button')
    return button ? board.laneOf(button) : null
  }

  const marksOf = (lane) => [...(board.strip(lane)?.querySelectorAll('button.mark') || [])].sort((a, b) => a.index - b.index)

  const KEYS = {
    f: () => setFollow(!state.follow),
    '+': () => zoom(1.6),
    '=': () => zoom(1.6),
    '-': () => zoom(1 / 1.6),
    0: fit,
    '[': () => pan(-board.width / 3),
    ']': () => pan(board.width / 3),
    '?': () => find('keys').showModal(),
  }

  const focusMark = (lane, marks, index) => {
    const mark = marks[Math.min(marks.length - 1, Math.max(0, index))]
    if (!mark) return
    if (state.follow) setFollow(false)
    const at = lane.marks[mark.index].at
    const x = (at - state.view.from) * state.view.scale
    if (x < 20 || x > board.width - 60) {
      state.view.from = at - board.width / 2 / state.view.scale
      draw()
      marksOf(lane).find((one) => one.index === mark.index)?.focus({preventScroll: true})
      return
    }
    mark.focus({preventScroll: true})
  }

  const moved = (event, lane) => {
    const mark = event.target.closest('button.mark')
    const marks = marksOf(lane)
    const at = mark ? marks.indexOf(mark) : -1
    switch (event.key) {
      case 'ArrowUp':
      case 'ArrowDown':
        board.goTo(board.neighbour(lane, event.key === 'ArrowUp' ? -1 : 1))
        return true
      case 'ArrowRight':
        focusMark(lane, marks, at + 1)
        return true
      case 'ArrowLeft':
        if (at <= 0) board.goTo(lane)
        else focusMark(lane, marks, at - 1)
        return true
      case 'Home':
        focusMark(lane, marks, 0)
        return true
      case 'End':
        focusMark(lane, marks, marks.length - 1)
        return true
      default:
        return false
    }
  }

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
    const {target} = event
    const lane = target instanceof Element ? laneAt(target) : null
    if (event.key === 'Escape' && !target.closest('input, textarea, select')) {
      const was = deselect() || lane
      if (was) board.goTo(was)
      return
    }
    if (target.closest('input, textarea, select')) return
    if ((lane && moved(event, lane)) || KEYS[event.key]?.() !== undefined || Object.hasOwn(KEYS, event.key)) event.preventDefault()
  })

  // --- the journal -------------------------------------------------------------------------------

  let run = ''
  let followed = null

  const begin = () => {
    let own = null
    const onEvent = (event) => {
      // What comes behind the news of another run is told once more to whoever begins afresh.
      if (own === followed) arrived(event)
    }
    own = followed = mock.follow('/journal/stream?since=0&expand=true', {onEvent, onState: connected, restWhileHidden: true})
  }

  /** Begin afresh: the server was started anew, and numbers its entries from 1. */
  const again = (told) => {
    run = told.run
    model.clear()
    infos.clear()
    state.session = null
    state.selected = null
    state.shape = -1
    summarised = -1
    board.empty()
    detail.show(null)
    actions.select(null)
    notice('The server was started anew: what was seen before is gone, and this page has begun afresh.', 'fresh')
    followed.close()
    followed = null
    begin()
    poll()
    loadNames()
    wake()
  }

  const arrived = (event) => {
    const told = JSON.parse(event.data)
    if (event.type === 'server') {
      if (run && run !== told.run) again(told)
      run = told.run
      // What the journal has comes right behind; where nothing does, there is nothing.
      setTimeout(() => { state.begun = true; wake() }, BEGINNING)
      return
    }
    if (event.type === 'files') {
      loadNames()
      return
    }
    if (event.type === 'dropped') {
      model.take(told)
      noticeOf(state.session)
      return
    }
    const wasGone = model.sessions.get(told.session)?.gone || ''
    const session = model.take(told)
    if (!session) return
    if (!state.session || (!state.chosen && state.session !== session && !state.session.lanes.size && event.type === 'opened') || (state.chosen === session.name && state.session !== session)) choose(state.chosen || session.name, false)
    if (session === state.session) {
      if (Object.hasOwn(SPOKEN, event.type)) hear(SPOKEN[event.type])
      if (['paused', 'awaited', 'called', 'pushed'].includes(event.type)) {
        const lane = session.lanes.get(told.serial)
        if (lane) {
          lane.plan = null
          askedFor.delete(lane)
        }
      }
      if (event.type === 'reset' || event.type === 'deleted') {
        state.selected = null
        detail.show(null)
        actions.select(null)
      }
      if (wasGone !== session.gone) {
        noticeOf(session)
        infos.delete(session.name)
        showActions()
      }
      if (event.type === 'closed' && state.selected?.lane.serial === told.serial) actions.select(state.selected.lane)
      wake()
    }
    if (!infos.has(session.name)) poll()
  }

  const connected = (what, {error} = {}) => {
    const element = find('state')
    set(element.dataset, 'state', what)
    const text = {connecting: 'connecting', connected: 'live', lost: 'the server is away'}[what]
    set(element, 'textContent', text ?? refusalOf(error)[0])
    element.title = error ? error.message : ''
    if (what === 'refused') refused(error)
  }

  /** Say in few words, and in a sentence, why there is nothing to be followed. */
  const refusalOf = (error) => {
    if (error.code === 'journal-off') return ['no journal', 'This server keeps no journal (--journal 0); start it without that option to see connections here']
    if (error.status === 401) return ['a token is needed', 'A token is needed: load the page again to be asked for it']
    return ['refused', [error.message, error.mend].filter(Boolean).join('; ')]
  }

  /** Where the server tells nothing, say so in the place of what it would have told. */
  const refused = (error) => {
    const [title, sentence] = refusalOf(error)
    set(find('empty-title'), 'textContent', title[0].toUpperCase() + title.slice(1))
    set(find('empty-said'), 'textContent', sentence)
    for (const one of [document.querySelector('#empty .try'), find('empty-more')]) one.hidden = true
    if (model.entries) notice(sentence, 'warn')
    wake()
  }

  showFollow()
  loadNames()
  poll().then(() => {
    if (!state.session) choose(state.chosen || 'default', false)
  })
  begin()
  wake()
})()
