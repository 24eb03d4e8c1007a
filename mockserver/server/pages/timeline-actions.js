/* What can be done from the page, all of it by the control API: to a connection, to a session. */

(() => {
  'use strict'

  const {el, fill, set} = globalThis.dom

  /** Verdicts and findings that are listed. */
  const LISTED = 20

  const path = (name) => encodeURIComponent(name)
  const counted = (list) => `${list.length} ${list.length === 1 ? 'connection' : 'connections'}`

  const ENDS = [
    ['end', 'End', 'Finished properly'],
    ['drop', 'Drop', 'FIN, the last chunk missing'],
    ['reset', 'Reset', 'RST'],
  ]

  class Actions {
    /** `changed` is told when something was done that entries do not tell of. */
    constructor(changed) {
      this.changed = changed
      this.info = null
      this.selected = null
      this.awaited = ''
      this.said = el('p', {class: 'done', role: 'status', id: 'done'})
      this.gone = el('p', {class: 'warn', id: 'gone', hidden: true}, 'This session was deleted: nothing can be done to it.')
      this.sections = [this.ofSession(), this.ofStreams()]
      document.getElementById('actions').append(this.gone, ...this.sections, this.said)
    }

    // --- how it is laid out --------------------------------------------------------------------

    ofSession() {
      this.signal = input({id: 'signal', placeholder: 'a signal', list: 'signals'})
      this.signals = el('datalist', {id: 'signals'})
      this.clock = el('div', {id: 'clock', class: 'row'})
      this.pins = el('ul', {class: 'pins', id: 'pins'})
      this.pin = input({id: 'pin', placeholder: 'a scenario', list: 'scenarios'})
      this.names = el('datalist', {id: 'scenarios'})
      this.summary = el('div', {id: 'summary'})
      this.title = el('h2', {id: 'session-title'})
      const pin = () => this.pinned([...this.pinnedNow, this.pin.value])
      return el('section', {'aria-labelledby': 'session-title'},
        this.title, this.summary, this.clock,
        this.form({id: 'send-signal', class: 'row'}, 'Send', () => this.send(), [
          label(this.signal, 'Signal'), this.signal, this.signals, el('button', {}, 'Send'),
        ]),
        this.form({id: 'pin-scenario', class: 'row'}, 'Pin', pin, [
          label(this.pin, 'Pin'), this.pin, this.names, el('button', {}, 'Pin'),
        ]),
        this.pins,
        el('p', {}, this.button('Reset session', () => this.reset(), 'Forget what it knows; streams go on')))
    }

    ofStreams() {
      this.target = el('p', {class: 'quiet', id: 'target'})
      this.event = input({id: 'push-event', placeholder: 'message'})
      this.id = input({id: 'push-id'})
      this.data = el('textarea', {id: 'push-data', rows: 2, placeholder: '{"status": "shipped"}', spellcheck: 'false'})
      this.violates = input({id: 'push-violates', placeholder: 'why it may break the contract'})
      return el('section', {'aria-labelledby': 'streams-title'},
        el('h3', {id: 'streams-title'}, 'Streams'), this.target,
        el('div', {class: 'row'},
          this.button('Hold', () => this.streams('hold'), 'Let the script stand still'),
          this.button('Release', () => this.streams('release'), 'Let it go on where it was')),
        el('div', {class: 'row'}, el('span', {class: 'quiet'}, 'Disconnect'),
          ENDS.map(([kind, text, title]) => this.button(text, () => this.streams('disconnect', {kind}), title))),
        el('details', {id: 'push-box'}, el('summary', {}, 'Push an event'),
          this.form({class: 'push'}, 'push', () => this.push(), [
            label(this.event, 'Type'), this.event, label(this.id, 'ID'), this.id, label(this.data, 'Data'), this.data,
            label(this.violates, 'Violates'), this.violates,
            el('button', {class: 'main', id: 'push'}, 'Push event'),
          ])))
    }

    button(text, act, title) {
      return el('button', {type: 'button', title, click: () => this.run(text, act)}, text)
    }

    form(attributes, what, act, children) {
      const submit = (event) => {
        event.preventDefault()
        this.run(what, act)
      }
      return el('form', {...attributes, submit}, children)
    }

    // --- what is done --------------------------------------------------------------------------

    /** Do something, and say what has become of it. */
    async run(what, act) {
      this.said.className = 'done'
      this.said.textContent = '…'
      try {
        this.said.textContent = (await act()) || `${what}: done`
        this.said.classList.add('good')
      } catch (error) {
        this.said.textContent = error.mend ? `${error.message}. ${error.mend}` : error.message
        this.said.classList.add('bad')
      }
      this.changed()
    }

    /** What is pinned; a session that nobody has used yet has nothing of its own. */
    get pinnedNow() {
      return this.info ? this.info.scenarios : []
    }

    get base() {
      return `/sessions/${path(this.name)}`
    }

    /** Where what is done to streams goes: the connection that is selected and open, or all. */
    async place() {
      const {selected} = this
      if (!selected || selected.closed) return this.base
      const {connections} = await mock.get(`${this.base}/connections`)
      const found = connections.find((one) => one.serial === selected.serial)
      if (!found) throw new Error(`connection ${selected.connection} is not open any more`)
      return `${this.base}/connections/${found.number}`
    }

    async streams(what, body) {
      const done = await mock.send('POST', `${await this.place()}/${what}`, body)
      const words = {hold: 'held', release: 'released', disconnect: `ended (${body?.kind})`}[what]
      return `${counted(done.connections)} ${words}`
    }

    async push() {
      const body = {data: this.data.value}
      if (this.event.value) body.event = this.event.value
      if (this.id.value) body.id = this.id.value
      if (this.violates.value) body.violates = this.violates.value
      const done = await mock.send('POST', `${await this.place()}/events`, body)
      return `pushed to ${counted(done.connections)}`
    }

    async send() {
      const name = this.signal.value || this.awaited
      if (!name) throw new Error('type a signal: no story waits for one')
      // In an address these are steps (WHATWG URL § 4.4).
      if (/^\.{1,2}$/.test(name)) throw new Error(`no signal can be called ${name}`)
      const done = await mock.send('POST', `${this.base}/signals/${path(name)}`)
      return `signal ${done.signal} sent, ${done.waiting} ${done.waiting === 1 ? 'was' : 'were'} waiting`
    }

    async pinned(names) {
      const done = await mock.send('PUT', `${this.base}/scenarios`, {scenarios: [...new Set(names.filter(Boolean))]})
      this.pin.value = ''
      this.show(done)
      return done.scenarios.length ? `pinned: ${done.scenarios.join(', ')}` : 'nothing is pinned'
    }

    async advance(by) {
      const done = await mock.send('POST', `${this.base}/clock`, {advance: by})
      return `it is ${done.now} s`
    }

    async reset() {
      await mock.send('POST', `${this.base}/reset`, {})
      return 'the session was reset'
    }

    // --- what is shown -------------------------------------------------------------------------

    /** Show the session that is looked at: what `listSessions` says of it, null where it says nothing.

        Of one that was deleted nothing stays that was said of it before. */
    show(info, name = info?.name, deleted = false) {
      if (deleted || name !== this.name) fill(this.summary)
      this.name = name
      this.gone.hidden = !deleted
      for (const section of this.sections) section.hidden = deleted
      set(this.title, 'textContent', `Session ${name}`)
      const before = this.info
      this.info = info
      if (!info) return
      const other = before?.name !== info.name
      if (other || before.clock !== info.clock) this.showClock(info)
      if (other || String(before.scenarios) !== String(info.scenarios)) this.showPins(info)
    }

    showClock({clock}) {
      const text = el('span', {class: 'quiet'}, `Clock ${clock}`)
      if (clock !== 'manual') {
        fill(this.clock, text)
        return
      }
      const by = el('input', {id: 'advance', type: 'text', value: '1s', size: 6, 'aria-label': 'How far'})
      const step = (name, value) => this.button(name, () => this.advance(value()))
      fill(this.clock, text, step('+1 s', () => '1s'), step('+10 s', () => '10s'), by, step('Step', () => by.value))
    }

    showPins({scenarios}) {
      const unpin = (name) => () => this.run('unpin', () => this.pinned(this.pinnedNow.filter((other) => other !== name)))
      const items = scenarios.map((name) => el('li', {}, el('code', {}, name),
        el('button', {type: 'button', class: 'link', 'aria-label': `Unpin ${name}`, click: unpin(name)}, '×')))
      fill(this.pins, items)
    }

    /** Take note of what is selected: a lane, or null for all streams. */
    select(lane) {
      this.selected = lane
      const one = lane && !lane.closed
      set(this.target, 'textContent', one ? `To connection ${lane.connection} of ${lane.operation}` : 'To all open streams of the session')
    }

    /** Offer names: scenarios to pin, signals that stories wait for. */
    offer(scenarios, signals) {
      offer(this.names, scenarios)
      offer(this.signals, signals)
      this.awaited = signals[0] || ''
      this.signal.placeholder = this.awaited || 'a signal'
    }

    /** Show verdict and coverage. */
    summarise(verdict, coverage) {
      const items = [...unmet(verdict), ...findings(verdict)]
      const fresh = el('div', {},
        verdictLine(verdict), items.length > 0 && el('ul', {class: 'unmet'}, items),
        ['operations', 'events'].map((name) => cover(name, coverage.summary[name])))
      if (this.summary.innerHTML !== fresh.innerHTML) fill(this.summary, [...fresh.childNodes])
    }
  }

  // --- pieces --------------------------------------------------------------------------------------

  const input = (attributes) => el('input', {type: 'text', autocomplete: 'off', ...attributes})

  const label = (field, text) => el('label', {for: field.id}, text)

  const offer = (list, names) => {
    if ([...list.children].map((one) => one.value).join('\n') === names.join('\n')) return
    fill(list, names.map((value) => el('option', {value})))
  }

  const WORDS = {passed: ['good', '✓ passed'], failed: ['bad', '✗ failed'], pending: ['warn', '… pending']}

  const verdictLine = ({status, counts}) => {
    const expected = counts.passed + counts.failed + counts.pending
    const [tone, text] = expected || counts.findings ? WORDS[status] : ['quiet', 'nothing is expected']
    return el('p', {class: 'verdict-line'},
      el('b', {class: tone}, text),
      el('span', {class: 'quiet'}, expected ? ` ${counts.passed} of ${expected} met` : ''),
      counts.findings > 0 && el('span', {class: 'bad'}, `, ${globalThis.times.counted(counts.findings, 'finding')}`))
  }

  const evidence = ({judged}) => {
    const first = judged.flatMap((one) => one.evidence).find((one) => one.status !== 'passed')
    return first ? `${first.of}: ${first.got || '–'} in place of ${first.expected}` : ''
  }

  const unmet = ({scenarios}) => {
    const wrong = scenarios.flatMap((one) => one.expectations).filter((each) => each.status !== 'passed')
    return wrong.slice(0, LISTED).map((each) => {
      const [tone, text] = WORDS[each.status]
      const why = evidence(each) || each.where
      return el('li', {}, el('b', {class: tone}, text), ` ${each.expectation} `, el('span', {class: 'quiet'}, why))
    })
  }

  const findings = (verdict) => verdict.findings.slice(0, LISTED)
    .map(({code, what}) => el('li', {}, el('b', {class: 'bad'}, code), ` ${what}`))

  const cover = (name, {total, exercised}) => el('div', {class: 'cover'},
    el('span', {}, name),
    el('progress', {max: total || 1, value: exercised, 'aria-label': `${name} covered`}),
    el('span', {class: 'quiet'}, `${exercised} of ${total}`))

  globalThis.TimelineActions = Actions
})()
