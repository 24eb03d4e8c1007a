/* The timeline page: follows the journal, keeps what it tells, and lets the parts of the page show it. */

(() => {
  'use strict'

  /** Milliseconds in which what the journal has comes; where nothing does, there is nothing. */
  const BEGINNING = 150
  /** Milliseconds between questions how sessions stand, and about the verdict on the one shown. */
  const POLL = 2500
  const SUMMARY = 1200

  /** Entries after which what is still to come on a connection is something else. */
  const REPLANNED = new Set(['paused', 'awaited', 'called', 'pushed'])

  const shown = new globalThis.TimelineShown()
  const {model} = shown
  const wake = () => drawing.wake()

  const said = new globalThis.TimelineSaid(shown)
  const board = new globalThis.TimelineBoard(select)
  const detail = new globalThis.TimelineDetail(select)
  const actions = new globalThis.TimelineActions(() => asking.poll())
  const filters = new globalThis.TimelineFilters(shown, wake, () => choose(shown.chosen || 'default', false))
  const sessions = new globalThis.TimelineSessions(shown, (name) => choose(name))
  const drawing = new globalThis.TimelineDrawing(shown, board, (session) => {
    said.count(session)
    filters.offer(session)
  })
  const asking = new globalThis.TimelineAsking({shown, board, actions, changed: wake, polled: () => {
    showActions()
    sessions.draw()
    wake()
  }})
  const moving = new globalThis.TimelineMoving(shown, board, wake)
  new globalThis.TimelineKeys({shown, board, drawing, moving, deselect})

  // --- what is shown ---------------------------------------------------------------------------

  function choose(name, byHand = true) {
    shown.show(model.session(name))
    if (shown.session.gone || !said.saysAfresh) said.noticeOf(shown.session)
    if (byHand) {
      shown.chosen = name
      shown.remember()
    }
    moving.write()
    deselect()
    showActions()
    sessions.draw()
    asking.summarise()
  }

  /** Offer what can be done to the session that is shown; to one that was deleted, nothing. */
  function showActions() {
    const {session, info} = shown
    if (session) actions.show(info, session.name, Boolean(session.gone))
  }

  /** Show a mark of a connection, or with null the connection. */
  function select(lane, index) {
    shown.selected = {session: shown.session, lane, index}
    board.names.roving = lane
    actions.select(lane)
    detail.show(shown.selected)
    asking.forget(lane)
    wake()
  }

  /** Show none any more; returns the connection that was. */
  function deselect() {
    const lane = shown.selected?.lane
    shown.selected = null
    actions.select(null)
    detail.show(null)
    wake()
    return lane
  }

  async function loadNames() {
    const streams = await asking.names()
    if (!streams) return
    shown.named = true
    said.toTry(streams)
    wake()
  }

  /** Say what is wrong with files; a warning takes nothing away. */
  async function loadProblems({problems, stale}) {
    try {
      const found = problems ? (await mock.get('/problems')).problems : []
      said.files(found.filter(({severity}) => severity === 'error').length, stale)
    } catch {
      // The live stream says that the server is away.
    }
  }

  // --- the journal -----------------------------------------------------------------------------

  /** Which run of the server is followed: entries of another one are numbered from 1 again. */
  let run = ''
  let followed = null

  function begin() {
    let own = null
    const onEvent = (event) => {
      // What comes behind the news of another run is told once more to whoever begins afresh.
      if (own === followed) arrived(event.type, JSON.parse(event.data))
    }
    const onState = (state, {error} = {}) => {
      said.connection(state, error)
      shown.refused = state === 'refused'
      wake()
    }
    own = followed = mock.follow('/journal/stream?since=0&expand=true', {onEvent, onState, restWhileHidden: true})
  }

  /** Begin afresh: the server was started anew. */
  function again() {
    shown.clear()
    asking.summarised = -1
    board.empty()
    deselect()
    said.startedAnew()
    followed.close()
    followed = null
    begin()
    asking.poll()
    loadNames()
  }

  function arrived(type, told) {
    if (type === 'server') server(told)
    else if (type === 'files') {
      loadProblems(told)
      loadNames()
    } else if (type === 'dropped') {
      model.take(told)
      said.noticeOf(shown.session)
    } else entry(type, told)
  }

  function server(told) {
    const another = run && run !== told.run
    run = told.run
    if (another) again()
    setTimeout(() => {
      shown.begun = true
      wake()
    }, BEGINNING)
  }

  function entry(type, told) {
    const wasGone = model.sessions.get(told.session)?.gone || ''
    const session = model.take(told)
    if (!session) return
    if (isToBeShown(session, type)) choose(shown.chosen || session.name, false)
    if (session === shown.session) happened(session, type, told, wasGone)
    if (!shown.infos.has(session.name)) asking.poll()
  }

  /** Whether the page turns to a session by itself: to the chosen one, or to the first in which something opens. */
  function isToBeShown(session, type) {
    if (!shown.session) return true
    if (session === shown.session) return false
    if (shown.chosen) return shown.chosen === session.name
    return !shown.session.lanes.size && type === 'opened'
  }

  /** Show what an entry means for the session that is shown. */
  function happened(session, type, told, wasGone) {
    said.hear(type)
    const lane = session.lanes.get(told.serial)
    if (lane && REPLANNED.has(type)) {
      lane.plan = null
      asking.forget(lane)
    }
    if (type === 'reset' || type === 'deleted') deselect()
    if (wasGone !== session.gone) {
      said.noticeOf(session)
      shown.infos.delete(session.name)
      showActions()
    }
    if (type === 'closed' && shown.selected?.lane.serial === told.serial) actions.select(shown.selected.lane)
    wake()
  }

  setInterval(() => {
    if (document.hidden || !shown.session) return
    asking.summariseAgain()
    sessions.draw()
  }, SUMMARY)
  setInterval(() => { if (!document.hidden) asking.poll() }, POLL)

  loadNames()
  asking.poll().then(() => {
    if (!shown.session) choose(shown.chosen || 'default', false)
  })
  begin()
  wake()
})()
