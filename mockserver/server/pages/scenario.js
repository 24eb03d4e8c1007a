/* One scenario as the scenario page shows it: how to try it, picture, list, expectations, source. */

(() => {
  'use strict'

  const {copy, el, prose} = dom
  const by = (id) => document.getElementById(id)

  /** The scenario that is shown. */
  let shown = null

  // --- names and places ------------------------------------------------------------------------

  const link = (name) => `#${encodeURIComponent(name).replaceAll('%2F', '/')}`
  const fileOf = (where) => where.replace(/(:\d+){1,2}$/, '').replace(/#.*$/, '')
  const lineOf = (where) => Number(/:(\d+):\d+$/.exec(where)?.[1] ?? 0)
  const {counted} = times

  const marks = (scenario) => [
    scenario.default && el('span', {class: 'mark', title: 'answers where nothing else is asked for'}, 'default'),
    scenario.conditional && el('span', {class: 'mark', title: 'answers only requests that meet its when'}, 'when'),
    scenario.violates && el('span', {class: 'mark', title: `breaks the contract on purpose: ${scenario.violates}`}, 'violates'),
  ]

  // --- what each connection gets ---------------------------------------------------------------

  const opened = (item) => {
    const parts = []
    const value = item.kind === 'event' ? writtenJson.indented(item.data) : undefined
    if (item.kind === 'event') {
      const text = value ?? item.data
      parts.push(el('h5', {}, value === undefined ? 'data' : 'data, as JSON'), el('pre', {}, text))
    }
    if (item.head) parts.push(el('pre', {}, item.head.headers.map(([name, value_]) => `${name}: ${value_}`).join('\n')))
    if (item.text !== undefined && item.text !== '') {
      const at = item.byte === undefined ? '' : `, from byte ${item.byte}`
      parts.push(el('h5', {}, item.kind === 'call' ? 'body' : `on the wire${at}`), el('pre', {}, item.text.replace(/\n\n$/, '\n')),
        item.where && el('p', {class: 'quiet'}, 'written in ', writtenIn(item.where)),
        item.size !== undefined && el('p', {class: 'quiet'}, `… of ${story.size(item.size)} in all`))
    }
    return parts
  }

  /** Return a place in a file: a link, where the source is beside it. */
  const writtenIn = (place) => {
    const number = lineOf(place)
    if (fileOf(place) !== fileOf(shown.where)) return el('code', {}, place)
    return el('a', {href: link(shown.name), click: (event) => toLine(event, number)}, `line ${number}`)
  }

  const cueRow = (item, key, before) => {
    const time = el('span', {class: 'time'}, item.at === before?.at ? '' : times.duration(item.at))
    const kind = item.kind === 'event' ? item.type : item.kind
    const words = item.kind === 'event' ? item.data.replaceAll('\n', ' ⏎ ').slice(0, 300) : item.words
    const line = [
      time,
      el('span', {class: `kind ${item.kind}`}, kind),
      el('span', {class: 'id'}, item.kind === 'event' && item.id !== '' ? `id ${item.id}` : ''),
      el('span', {class: item.kind === 'event' ? 'words mono' : 'words'}, words),
    ]
    const has = item.kind === 'event' || item.head || item.text
    if (!has) return el('li', {id: `cue-${key}`, class: 'cue plain', tabindex: -1}, line)
    const details = el('details', {}, el('summary', {}, line))
    details.addEventListener('toggle', () => details.append(el('div', {class: 'opened'}, opened(item))), {once: true})
    return el('li', {id: `cue-${key}`, class: 'cue'}, details)
  }

  const laneSection = (lane, index, all) => {
    const came = lane.lastEventId ? ` · Last-Event-ID: ${lane.lastEventId}` : ''
    const notes = lane.notes.map((note) => el('span', {class: 'mark'}, note))
    return el('section', {class: 'connection', 'aria-label': `Connection ${lane.number}`},
      el('h4', {}, `Connection ${lane.number}`, el('span', {class: 'quiet'}, came), ' ', notes),
      el('ol', {}, lane.items.map((item, number) => cueRow(item, `${index}-${number}`, lane.items[number - 1]))),
      all[index + 1] && el('p', {class: 'absence quiet'}, story.absence(lane)))
  }

  const choose = (key) => {
    const cue = by(`cue-${key}`)
    const details = cue?.querySelector('details')
    if (details) details.open = true
    for (const each of document.querySelectorAll('.cue.chosen')) each.classList.remove('chosen')
    cue?.classList.add('chosen')
    cue?.scrollIntoView({block: 'nearest'})
    const target = cue?.querySelector('summary') ?? cue
    target?.focus({preventScroll: true})
  }

  const AFTERWARDS = {
    stop: 'Afterwards: 204, which tells an event source to stay away.',
    repeat: 'Afterwards: it begins anew.',
    response: 'Afterwards: an answer of its own, which the source shows.',
  }

  /** What may be larger than its place, and is scrolled there by keyboard as well. */
  const framed = (name, label, ...children) => el('div', {class: name, tabindex: 0, role: 'group', 'aria-label': label}, children)

  const storyParts = (told) => [
    framed('picture-frame', 'The story as a picture; the list below says the same', story.picture(told, choose)),
    told.lanes.map(laneSection),
    told.afterwards && el('p', {class: 'quiet'}, AFTERWARDS[told.afterwards]),
  ]

  const asksOf = (entry) => entry.asks.map(({of, expected}, index) => [index ? ', ' : '', `${of} `, el('code', {}, expected)])

  const expectParts = (told) => told.expect.length > 0 && [
    el('h3', {}, 'What it expects of the client'),
    el('ul', {class: 'expect'}, told.expect.map((entry) =>
      el('li', {}, el('b', {}, entry.of), entry.asks.length ? ': ' : '', asksOf(entry), ' ', writtenIn(entry.where)))),
  ]

  const toLine = (event, number) => {
    event.preventDefault()
    const line = by(`line-${number}`)
    if (!line) return
    for (const each of document.querySelectorAll('.source .chosen')) each.classList.remove('chosen')
    line.classList.add('chosen')
    line.scrollIntoView({block: 'center'})
  }

  /** Return the number of the first line of a source: what it says of itself is where its mapping begins. */
  const firstLine = (text, begins) => {
    const lines = text.split('\n')
    const before = lines.findIndex((line) => !/^\s*(#.*)?$|^(---|%)/.test(line))
    return Math.max(1, begins - Math.max(before, 0))
  }

  const sourceParts = (scenario, text, problems) => {
    const file = fileOf(scenario.where)
    const first = firstLine(text, lineOf(scenario.where))
    const ill = new Map(problems.filter((each) => each.file === file).map((each) => [each.line, each]))
    const lines = text.replace(/\n$/, '').split('\n').map((line, index) => {
      const problem = ill.get(first + index)
      const tone = problem && `ill ${problem.severity}`
      const number = first + index
      return el('li', {id: `line-${number}`, value: number, class: tone, title: problem?.what}, line || ' ')
    })
    return framed('source mono', `${file}, from line ${first}`, el('ol', {start: first}, lines))
  }

  const refused = (error) => el('p', {class: 'refused'}, el('span', {class: 'bad'}, error.message), error.mend ? ` — ${error.mend}` : '')

  const curlParts = (told) => {
    const line = told.curl && el('pre', {tabindex: 0}, told.curl)
    const button = el('button', {type: 'button', click: () => copy(button, line)}, 'Copy')
    return line && [el('h3', {}, 'Try it'), el('div', {class: 'try'}, line, button)]
  }

  const heading = (scenario) => [
    el('h2', {id: 'scenario-name', tabindex: -1}, scenario.name),
    el('p', {class: 'facts'}, marks(scenario), ' ',
      el('span', {}, scenario.operations.map((name, index) => [index ? ', ' : '', el('code', {}, name)])), ' · ',
      el('code', {class: 'place'}, scenario.where), ' · ',
      counted(scenario.connections, 'connection')),
    el('p', {class: 'description'}, prose(scenario.description)),
    scenario.violates && el('p', {class: 'quiet'}, `It breaks the contract on purpose: ${scenario.violates}`),
  ]

  /** Return what is shown where none is chosen. */
  const overview = (scenarios) => [
    el('h2', {id: 'scenario-name', tabindex: -1}, 'What can be played'),
    el('p', {}, `${counted(scenarios.length, 'scenario')} on ${counted(new Set(scenarios.flatMap((each) => each.operations)).size, 'operation')}. `,
      'Choose one to see what each connection will get, and when.'),
    el('p', {class: 'quiet'}, el('kbd', {}, '/'), ' filters, arrows go through the list, ', el('kbd', {}, 'Enter'), ' shows one.'),
  ]

  /** Return all that is shown of a scenario; `explained` and `source` are settled promises of the
      control API's answers, `problems` those of all files. */
  const nodes = (scenario, explained, source, problems) => {
    shown = scenario
    const told = explained.status === 'fulfilled' ? story.read(explained.value) : null
    return [
      heading(scenario),
      told && curlParts(told),
      el('div', {class: 'halves'},
        el('div', {},
          el('h3', {}, 'What each connection gets'),
          told ? storyParts(told) : refused(explained.reason)),
        el('div', {},
          told && expectParts(told),
          el('h3', {}, 'Source'),
          source.status === 'fulfilled' ? sourceParts(scenario, source.value, problems) : refused(source.reason))),
    ]
  }

  window.detail = {nodes, overview, refused, marks, counted, link, fileOf}
})()
