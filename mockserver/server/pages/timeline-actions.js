/* What can be done from the page, all of it by the control API: to a connection, to a session. */

(() => {
  'use strict'

  const {clear, make} = globalThis.timelineDom

  const path = (name) => encodeURIComponent(name)

  class Actions {
    /** `changed` is told when something was done that entries do not tell of. */
    constructor({changed}) {
      this.root = document.getElementById('actions')
      this.changed = changed
      this.scenarios = []
      this.info = null
      this.selected = null
      this.awaited = ''
      this.said = make('p', {className: 'done', role: 'status', id: 'done'})
      this.build()
    }

    build() {
      const button = (text, act, title) => make('button', {type: 'button', textContent: text, title, onclick: () => this.run(text, act)})
      const field = (id, label, properties) => [make('label', {for: id, textContent: label}), make('input', {id, type: 'text', autocomplete: 'off', ...properties})]

      this.target = make('p', {className: 'quiet', id: 'target'})
      this.event = make('input', {id: 'push-event', type: 'text', placeholder: 'message', autocomplete: 'off'})
      this.id = make('input', {id: 'push-id', type: 'text', autocomplete: 'off'})
      this.data = make('textarea', {id: 'push-data', rows: 2, placeholder: '{"status": "shipped"}', spellcheck: false})
      const push = make('form', {className: 'push', onsubmit: (event) => {
        event.preventDefault()
        this.run('push', () => this.push())
      }},
      make('label', {for: 'push-event', textContent: 'Type'}), this.event,
      make('label', {for: 'push-id', textContent: 'ID'}), this.id,
      make('label', {for: 'push-data', textContent: 'Data'}), this.data,
      make('button', {className: 'main', id: 'push', textContent: 'Push event'}))

      const streams = make('section', {'aria-labelledby': 'streams-title'},
        make('h3', {id: 'streams-title', textContent: 'Streams'}), this.target,
        make('div', {className: 'row'},
          button('Hold', () => this.streams('hold'), 'Let the script stand still'),
          button('Release', () => this.streams('release'), 'Let it go on where it was')),
        make('div', {className: 'row'}, make('span', {className: 'quiet', textContent: 'Disconnect'}),
          ...['end', 'drop', 'reset'].map((kind) => button({end: 'End', drop: 'Drop', reset: 'Reset'}[kind], () => this.streams('disconnect', {kind}), {end: 'Finished properly', drop: 'FIN, the last chunk missing', reset: 'RST'}[kind]))),
        make('details', {id: 'push-box'}, make('summary', {textContent: 'Push an event'}), push))

      this.signal = make('input', {id: 'signal', type: 'text', placeholder: 'a signal', autocomplete: 'off', list: 'signals'})
      this.signals = make('datalist', {id: 'signals'})
      this.clock = make('div', {id: 'clock', className: 'row'})
      this.pins = make('ul', {className: 'pins', id: 'pins'})
      this.pin = make('input', {id: 'pin', type: 'text', placeholder: 'a scenario', autocomplete: 'off', list: 'scenarios'})
      this.names = make('datalist', {id: 'scenarios'})
      this.summary = make('div', {id: 'summary'})
      this.title = make('h2', {id: 'session-title'})
      const session = make('section', {'aria-labelledby': 'session-title'},
        this.title, this.summary, this.clock,
        this.form('send-signal', 'Signal', this.signal, 'Send', () => this.send(), this.signals),
        this.form('pin-scenario', 'Pin', this.pin, 'Pin', () => this.pinned([...this.pinnedNow, this.pin.value]), this.names),
        this.pins,
        make('p', {}, button('Reset session', () => this.reset(), 'Forget what it knows; streams go on')))
      this.gone = make('p', {className: 'warn', id: 'gone', textContent: 'This session was deleted: nothing can be done to it.', hidden: true})
      this.sections = [session, streams]
      this.root.append(this.gone, session, streams, this.said)
    }

    form(id, label, input, text, act, list) {
      return make('form', {className: 'row', id, onsubmit: (event) => {
        event.preventDefault()
        this.run(text, act)
      }}, make('label', {for: input.id, textContent: label}), input, list, make('button', {textContent: text}))
    }

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
      return `${done.connections.length} ${done.connections.length === 1 ? 'connection' : 'connections'} ${words}`
    }

    async push() {
      const body = {}
      if (this.event.value) body.event = this.event.value
      if (this.id.value) body.id = this.id.value
      body.data = this.data.value
      const done = await mock.send('POST', `${await this.place()}/events`, body)
      return `pushed to ${done.connections.length} ${done.connections.length === 1 ? 'connection' : 'connections'}`
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

    /** Show the session that is looked at: what `listSessions` says of it, null where it says nothing.

        Of one that was deleted nothing stays that was said of it before. */
    show(info, name = info?.name, deleted = false) {
      if (deleted || name !== this.name) clear(this.summary)
      this.name = name
      this.gone.hidden = !deleted
      for (const section of this.sections) section.hidden = deleted
      if (this.title.textContent !== `Session ${name}`) this.title.textContent = `Session ${name}`
      const before = this.info
      this.info = info
      if (!info) return
      if (!before || before.clock !== info.clock || before.name !== info.name) this.buildClock(info)
      if (String(before?.scenarios) !== String(info.scenarios) || before?.name !== info.name) {
        clear(this.pins, ...info.scenarios.map((one) => make('li', {}, make('code', {textContent: one}), make('button', {type: 'button', className: 'link', textContent: '×', 'aria-label': `Unpin ${one}`, onclick: () => this.run('unpin', () => this.pinned(this.pinnedNow.filter((other) => other !== one)))}))))
      }
    }

    buildClock(info) {
      const label = make('span', {className: 'quiet', textContent: `Clock ${info.clock}`})
      if (info.clock !== 'manual') {
        clear(this.clock, label)
        return
      }
      const by = make('input', {id: 'advance', type: 'text', value: '1s', size: 6, 'aria-label': 'How far'})
      const step = (text, value) => make('button', {type: 'button', textContent: text, onclick: () => this.run(text, () => this.advance(value()))})
      clear(this.clock, label, step('+1 s', () => '1s'), step('+10 s', () => '10s'), by, step('Step', () => by.value))
    }

    /** Take note of what is selected: a lane, or null for all streams. */
    select(lane) {
      this.selected = lane
      const text = lane && !lane.closed ? `To connection ${lane.connection} of ${lane.operation}` : 'To all open streams of the session'
      if (this.target.textContent !== text) this.target.textContent = text
    }

    /** Offer names: scenarios to pin, signals that stories wait for. */
    offer(scenarios, signals) {
      const options = (list, names) => {
        if ([...list.children].map((one) => one.value).join('\n') === names.join('\n')) return
        clear(list, ...names.map((value) => make('option', {value})))
      }
      options(this.names, scenarios)
      options(this.signals, signals)
      this.awaited = signals[0] || ''
      this.signal.placeholder = this.awaited || 'a signal'
    }

    /** Show verdict and coverage. */
    summarise(verdict, coverage) {
      const words = {passed: ['good', '✓ passed'], failed: ['bad', '✗ failed'], pending: ['warn', '… pending']}
      const [tone, text] = words[verdict.status]
      const {counts} = verdict
      const expected = counts.passed + counts.failed + counts.pending
      const wrong = verdict.scenarios.flatMap((one) => one.expectations.filter((each) => each.status !== 'passed').map((each) => ({...each, scenario: one.scenario})))
      const items = [
        ...wrong.slice(0, 20).map((each) => make('li', {}, make('b', {className: words[each.status][0], textContent: words[each.status][1]}), ` ${each.expectation} `, make('span', {className: 'quiet', textContent: evidence(each) || each.where}))),
        ...verdict.findings.slice(0, 20).map((finding) => make('li', {}, make('b', {className: 'bad', textContent: finding.code}), ` ${finding.what}`)),
      ]
      const bars = ['operations', 'events'].map((name) => {
        const {total, exercised} = coverage.summary[name]
        return make('div', {className: 'cover'}, make('span', {textContent: name}), make('progress', {max: total || 1, value: exercised, 'aria-label': `${name} covered`}), make('span', {className: 'quiet', textContent: `${exercised} of ${total}`}))
      })
      const fresh = make('div', {},
        make('p', {className: 'verdict-line'}, make('b', {className: expected || counts.findings ? tone : 'quiet', textContent: expected || counts.findings ? text : 'nothing is expected'}),
          make('span', {className: 'quiet', textContent: expected ? ` ${counts.passed} of ${expected} met` : ''}), counts.findings ? make('span', {className: 'bad', textContent: `, ${counts.findings} findings`}) : null),
        items.length ? make('ul', {className: 'unmet'}, ...items) : null, ...bars)
      if (this.summary.innerHTML !== fresh.innerHTML) clear(this.summary, ...fresh.childNodes)
    }
  }

  const evidence = (each) => {
    const first = each.judged.flatMap((one) => one.evidence).find((one) => one.status !== 'passed')
    return first ? `${first.of}: ${first.got || '–'} in place of ${first.expected}` : ''
  }

  globalThis.TimelineActions = Actions
})()
