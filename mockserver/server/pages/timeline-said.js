/* What the timeline page says in words: how much there is, what is missing, whether the server is
   there, what there is to be tried, and to a screen reader what happens. */

(() => {
  'use strict'

  const {copy, el, fill, set} = globalThis.dom
  const {counted} = globalThis.times

  /** Milliseconds between what a screen reader is told. */
  const SPEAK = 8000
  const SPOKEN = {
    opened: 'opened',
    closed: 'ended',
    violated: 'breaking the contract',
    refused: 'refused',
    pushed: 'pushed',
    sent: 'sent',
  }
  const STATES = {connecting: 'connecting', connected: 'live', lost: 'the server is away'}

  const find = (id) => document.getElementById(id)

  /** Say in few words, and in a sentence, why there is nothing to be followed. */
  const refusalOf = (error) => {
    if (error.code === 'journal-off') {
      return ['no journal', 'This server keeps no journal (--journal 0); start it without that option to see connections here']
    }
    if (error.status === 401) return ['a token is needed', 'A token is needed: load the page again to be asked for it']
    return ['refused', [error.message, error.mend].filter(Boolean).join('; ')]
  }

  /** Say how many entries the journal had let go before they could be told. */
  const lossOf = (missed) => (missed === 1
    ? '1 entry was gone before it could be told; of which session it was is not known.'
    : `${missed} entries were gone before they could be told; of which sessions they were is not known.`)

  class Said {
    constructor(shown) {
      this.shown = shown
      this.heard = new Map()
      this.usual = ['empty-title', 'empty-said'].map((id) => [id, find(id).textContent])
      setInterval(() => this.speak(), SPEAK)
      find('copy').addEventListener('click', (event) => copy(event.currentTarget, find('empty-curl')))
    }

    // --- of the session ----------------------------------------------------------------------

    count(session) {
      const {connections, open, told, strangers} = session
      const parts = [counted(connections, 'connection'), `${open} open`, told]
      if (strangers.size) parts.push(`${strangers.size} more that began unseen`)
      if (session.lostMarks || session.lostLanes) parts.push('the oldest let go')
      set(find('counts'), 'textContent', parts.join(' · '))
      set(find('counts'), 'title', parts.join(' · '))
    }

    notice(text, tone = 'warn') {
      const element = find('notice')
      element.hidden = !text
      element.className = `notice ${tone}`
      set(element, 'textContent', text)
    }

    /** Say what holds of a session; what is missing may be of any. */
    noticeOf(session) {
      const {missed} = this.shown.model
      if (session?.gone) this.notice('This session was deleted.')
      else if (missed) this.notice(lossOf(missed))
      else this.notice('')
    }

    /** Say how many problems files have, and whether that is why an older version is played. */
    files(problems, stale) {
      const element = find('files')
      element.hidden = !problems
      if (!problems) return
      const what = `Files have ${counted(problems, 'problem')}${stale ? ': what was loaded before is still played. ' : '. '}`
      fill(element, what, el('a', {href: `${mock.base}/_mock/pages/scenarios`}, 'Show them'))
    }

    /** Say that all has begun afresh; it stays until something else is to be said of the session. */
    startedAnew() {
      this.notice('The server was started anew: what was seen before is gone, and this page has begun afresh.', 'fresh')
    }

    get saysAfresh() {
      return find('notice').classList.contains('fresh')
    }

    /** Take note of an entry for a screen reader, which is told of several at once. */
    hear(kind) {
      const what = SPOKEN[kind]
      if (what) this.heard.set(what, (this.heard.get(what) || 0) + 1)
    }

    speak() {
      if (!this.heard.size || document.hidden) return
      const text = [...this.heard].map(([what, count]) => `${count} ${what}`).join(', ')
      this.heard.clear()
      find('said').textContent = `Session ${this.shown.session?.name}: ${text}`
    }

    // --- of the server -----------------------------------------------------------------------

    /** Say how it stands with the journal's stream: `state` and `error` are those of `mock.follow`. */
    connection(state, error) {
      const element = find('state')
      set(element.dataset, 'state', state)
      set(element, 'textContent', STATES[state] ?? refusalOf(error)[0])
      element.title = error ? error.message : ''
      if (state === 'refused') this.refused(error)
      else if (state === 'connected') this.empty(this.usual, true)
    }

    /** Where the server tells nothing, say so in the place of what it would have told. */
    refused(error) {
      const [title, sentence] = refusalOf(error)
      this.empty([['empty-title', title[0].toUpperCase() + title.slice(1)], ['empty-said', sentence]], false)
      if (this.shown.model.entries) this.notice(sentence)
    }

    /** Write what stands where nothing has connected, with or without what there is to be tried. */
    empty(texts, tries) {
      for (const [id, text] of texts) set(find(id), 'textContent', text)
      for (const one of [document.querySelector('#empty .try'), find('empty-more')]) one.hidden = !tries
    }

    /** Say how a stream is opened: `streams` are those of the document. */
    toTry(streams) {
      const first = streams.find((one) => one.scenarios) || streams[0]
      const target = first ? first.target : '/'
      const quoted = /[^\w./:@~-]/.test(target) ? `'${mock.base}${target}'` : mock.base + target
      const method = first && first.method !== 'GET' ? `-X ${first.method} ` : ''
      find('empty-curl').textContent = `curl -N ${method}${quoted}`
      find('empty-more').textContent = first
        ? `It opens ${first.operation}. A test that uses ${mock.base}/@its-name has a session of its own here.`
        : 'The document has no operation that streams; whatever is asked of the server is shown here all the same.'
    }
  }

  globalThis.TimelineSaid = Said
})()
