/* The scenario page: the list at the left, one scenario at the right, problems of files above it. */

(() => {
  'use strict'

  const {el, prose} = dom
  const by = (id) => document.getElementById(id)
  /** Bytes of a block that are asked for: there are blocks of 16 MB, and fifty in a connection. */
  const SHOWN = 10_000
  /** Problems that are shown. */
  const MOST = 100
  /** Milliseconds between looks at the files where there is no journal whose stream would tell. */
  const LOOK = 2000

  let scenarios = []
  let version = null
  let problems = {stale: false, problems: []}

  // --- the list --------------------------------------------------------------------------------

  const chosen = () => decodeURIComponent(location.hash.slice(1))
  const link = (name) => `#${encodeURIComponent(name).replaceAll('%2F', '/')}`
  const fileOf = (where) => where.replace(/(:\d+){1,2}$/, '').replace(/#.*$/, '')
  const folderOf = (name) => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '')

  const marks = (scenario) => [
    scenario.default && el('span', {class: 'mark', title: 'answers where nothing else is asked for'}, 'default'),
    scenario.conditional && el('span', {class: 'mark', title: 'answers only requests that meet its when'}, 'when'),
    scenario.violates && el('span', {class: 'mark', title: `breaks the contract on purpose: ${scenario.violates}`}, 'violates'),
  ]

  const row = (scenario) => {
    const short = scenario.name.slice(folderOf(scenario.name).length).replace(/^\//, '')
    const item = el('li', {},
      el('a', {href: link(scenario.name), tabindex: -1, 'data-name': scenario.name},
        el('span', {class: 'name'}, short, ' ', marks(scenario),
          scenario.connections > 1 && el('span', {class: 'mark', title: `${scenario.connections} connections`}, `${scenario.connections}×`)),
        el('span', {class: 'operations'}, scenario.operations.join(', ')),
        el('span', {class: 'said'}, prose(scenario.description))))
    const words = [scenario.name, scenario.description, ...scenario.operations, fileOf(scenario.where)]
    if (scenario.default) words.push('default')
    if (scenario.conditional) words.push('when')
    if (scenario.violates) words.push('violates')
    item.words = words.join(' ').toLowerCase()
    return item
  }

  const showList = () => {
    const folders = new Map()
    for (const scenario of scenarios) {
      const folder = folderOf(scenario.name)
      if (!folders.has(folder)) folders.set(folder, [])
      folders.get(folder).push(row(scenario))
    }
    const groups = [...folders].map(([folder, rows]) =>
      el('section', {'aria-label': folder || 'at the top'},
        folder && el('h2', {}, folder, ' ', el('span', {class: 'quiet'}, String(rows.length))),
        el('ul', {}, rows)))
    if (!groups.length) groups.push(el('p', {class: 'quiet none'}, 'There are no scenarios: streams answer with what the document shows as examples. ', el('code', {}, 'mockserver new'), ' writes one to begin with.'))
    by('names').replaceChildren(...groups)
    filter()
    markChosen()
    markFiles()
  }

  const links = () => [...by('names').querySelectorAll('li:not([hidden]) a')]

  const filter = () => {
    const wanted = by('filter').value.toLowerCase().split(/\s+/).filter(Boolean)
    let count = 0
    for (const section of by('names').querySelectorAll('section')) {
      let some = false
      for (const item of section.querySelectorAll('li')) {
        item.hidden = !wanted.every((word) => item.words.includes(word))
        if (!item.hidden) count += 1
        some ||= !item.hidden
      }
      section.hidden = !some
    }
    by('found').textContent = wanted.length ? `${count} of ${scenarios.length}` : `${scenarios.length} scenarios`
    keepReachable()
  }

  /** Let Tab reach one link of the list, the others by arrows: there may be a thousand. */
  const keepReachable = (link = null) => {
    const all = links()
    const target = link ?? all.find((each) => each.hasAttribute('aria-current')) ?? all[0]
    by('names').querySelector('a[tabindex="0"]')?.setAttribute('tabindex', -1)
    target?.setAttribute('tabindex', 0)
  }

  const markChosen = () => {
    by('names').querySelector('[aria-current]')?.removeAttribute('aria-current')
    const current = [...by('names').querySelectorAll('a')].find((each) => each.dataset.name === chosen())
    current?.setAttribute('aria-current', 'true')
    if (current) reveal(current)
    keepReachable()
  }

  /** Scroll a row of the list into view. Rows that were never seen have a height by guess, so it is
      done once more when those around it are there. */
  const reveal = (row, again = true) => {
    const [outer, inner] = [by('names').getBoundingClientRect(), row.getBoundingClientRect()]
    if (inner.top < outer.top || inner.bottom > outer.bottom) row.scrollIntoView({block: 'center'})
    if (again) requestAnimationFrame(() => reveal(row, false))
  }

  const STEPS = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity}

  const walk = (event) => {
    const step = STEPS[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const all = links()
    if (!all.length) return
    const from = all.indexOf(document.activeElement)
    const target = all[Math.min(Math.max(from + step, 0), all.length - 1)]
    event.preventDefault()
    keepReachable(target)
    target.focus()
  }

  by('filter').addEventListener('input', filter)
  by('filter').addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') walk(event)
    if (event.key === 'Enter') links()[0]?.click()
    if (event.key === 'Escape' && by('filter').value) {
      by('filter').value = ''
      filter()
    }
  })
  by('names').addEventListener('keydown', walk)
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
    if (event.key !== '/' || typing || document.querySelector('dialog[open]')) return
    event.preventDefault()
    by('filter').focus()
  })

  // --- problems of files -----------------------------------------------------------------------

  const where = (problem) => problem.where

  const excerpt = (problem) => {
    const source = (problem.source || '').trimEnd()
    if (!source) return null
    const indent = source.length - source.trimStart().length
    const from = Math.max(problem.column - 1, indent)
    const until = from + Math.max(problem.width || 1, 1)
    return el('pre', {class: 'excerpt'},
      el('span', {class: 'number'}, `${problem.line}`),
      source.slice(indent, from), el('mark', {}, source.slice(from, until) || ' '), source.slice(until))
  }

  const problemItem = (problem) =>
    el('li', {class: problem.severity},
      el('p', {},
        el('span', {class: 'severity'}, problem.severity), ' ',
        el('code', {class: 'place'}, where(problem)), ' ',
        el('span', {class: 'what'}, problem.what), ' ', el('span', {class: 'mark'}, problem.code)),
      excerpt(problem),
      problem.mend && el('p', {class: 'mend'}, el('b', {}, 'mend: '), problem.mend))

  const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`

  const showProblems = () => {
    const list = problems.problems
    const errors = list.filter((problem) => problem.severity === 'error').length
    const parts = [errors && counted(errors, 'problem'), list.length - errors && counted(list.length - errors, 'warning')]
    const words = parts.filter(Boolean).join(' and ')
    by('problems').hidden = list.length === 0
    by('problems').classList.toggle('stale', problems.stale)
    by('problems-title').textContent = `${words} in the files`
    by('problems-said').hidden = !problems.stale
    by('problems-said').textContent = `The files could not be loaded: what was loaded before (version ${problems.version}) is still played.`
    const more = list.length > MOST && el('li', {}, `and ${counted(list.length - MOST, 'other')}`)
    by('problems-list').replaceChildren(...[...list.slice(0, MOST).map(problemItem), more].filter(Boolean))
    by('to-problems').hidden = list.length === 0
    by('to-problems').className = errors ? 'bad' : 'warn'
    by('to-problems').textContent = words
    markFiles()
  }

  /** Mark the scenarios in the list that stand in files with problems. */
  const markFiles = () => {
    const files = new Map(problems.problems.map((problem) => [problem.file, problem.severity]))
    const known = new Map(scenarios.map((scenario) => [scenario.name, files.get(fileOf(scenario.where))]))
    for (const each of by('names').querySelectorAll('a')) {
      const severity = known.get(each.dataset.name)
      each.classList.toggle('ill', severity !== undefined)
      each.querySelector('.ill-said')?.remove()
      if (severity) each.querySelector('.name').append(el('span', {class: 'ill-said mark'}, severity === 'error' ? 'problem' : 'warning'))
    }
  }

  by('to-problems').addEventListener('click', () => {
    by('problems').scrollIntoView({block: 'start'})
    by('problems-title').focus()
  })

  // --- one scenario ----------------------------------------------------------------------------

  const opened = (item) => {
    const parts = []
    const value = item.kind === 'event' ? story.unfolded(item.data) : undefined
    if (item.kind === 'event') {
      const text = value === undefined ? item.data : JSON.stringify(value, null, 2)
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
    const time = el('span', {class: 'time'}, item.at === before?.at ? '' : story.duration(item.at))
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

  const storyParts = (told) => [
    el('div', {class: 'picture-frame', tabindex: 0, role: 'group', 'aria-label': 'The story as a picture; the list below says the same'}, story.picture(told, choose)),
    told.lanes.map(laneSection),
    told.afterwards && el('p', {class: 'quiet'}, AFTERWARDS[told.afterwards]),
  ]

  const asksOf = (entry) => entry.asks.map(({of, expected}, index) => [index ? ', ' : '', `${of} `, el('code', {}, expected)])

  const expectParts = (told) => told.expect.length > 0 && [
    el('h3', {}, 'What it expects of the client'),
    el('ul', {class: 'expect'}, told.expect.map((entry) =>
      el('li', {}, el('b', {}, entry.of), entry.asks.length ? ': ' : '', asksOf(entry), ' ', writtenIn(entry.where)))),
  ]

  const lineOf = (text) => Number(/:(\d+):\d+$/.exec(text)?.[1] ?? 0)

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

  const sourceParts = (scenario, text) => {
    const file = fileOf(scenario.where)
    const first = firstLine(text, lineOf(scenario.where))
    const ill = new Map(problems.problems.filter((each) => each.file === file).map((each) => [each.line, each]))
    const lines = text.replace(/\n$/, '').split('\n').map((line, index) => {
      const problem = ill.get(first + index)
      return el('li', {id: `line-${first + index}`, value: first + index, class: problem && `ill ${problem.severity}`, title: problem?.what}, line || ' ')
    })
    return el('div', {class: 'source mono', tabindex: 0, role: 'group', 'aria-label': `${file}, from line ${first}`}, el('ol', {start: first}, lines))
  }

  const refused = (error) => el('p', {class: 'refused'}, el('span', {class: 'bad'}, error.message), error.mend ? ` — ${error.mend}` : '')

  const curlParts = (told) => told.curl && [
    el('h3', {}, 'Try it'),
    el('div', {class: 'try'}, el('pre', {tabindex: 0}, told.curl), el('button', {type: 'button', click: (event) => copy(event.target, told.curl)}, 'Copy')),
  ]

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'Select it, and copy by hand'
    }
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

  const overview = () => [
    el('h2', {id: 'scenario-name', tabindex: -1}, 'What can be played'),
    el('p', {}, `${counted(scenarios.length, 'scenario')} on ${counted(new Set(scenarios.flatMap((each) => each.operations)).size, 'operation')}. `,
      'Choose one to see what each connection will get, and when.'),
    el('p', {class: 'quiet'}, el('kbd', {}, '/'), ' filters, arrows go through the list, ', el('kbd', {}, 'Enter'), ' shows one.'),
  ]

  let showing = 0
  /** The scenario that is shown. */
  let shown = null
  /** Whether the reader has chosen a scenario that is not shown yet. */
  let arriving = false

  /** Put other nodes in place of the scenario; what was open and had the focus, has it still. */
  const replace = (nodes) => {
    const article = by('scenario')
    const open = [...article.querySelectorAll('details[open]')].map((each) => each.parentNode.id)
    const focused = article.contains(document.activeElement) && document.activeElement.closest('[id]')?.id
    article.replaceChildren(...nodes.flat(2).filter(Boolean))
    if (arriving) {
      by('scenario-name').focus()
      arriving = false
      return
    }
    for (const id of open) by(id)?.querySelector('details')?.setAttribute('open', '')
    const target = focused && by(focused)
    if (target) (target.querySelector('summary') ?? target).focus({preventScroll: true})
  }

  const showScenario = async () => {
    const turn = ++showing
    const name = chosen()
    if (!name) {
      replace(overview())
      return
    }
    const scenario = scenarios.find((each) => each.name === name)
    if (!scenario) {
      replace([el('h2', {id: 'scenario-name', tabindex: -1}, name), el('p', {}, 'There is no scenario of this name.')])
      return
    }
    const path = `/scenarios/${encodeURIComponent(name)}`
    const [explained, source] = await Promise.allSettled([mock.get(`${path}/explain?bytes=${SHOWN}`), mock.get(`${path}/source`)])
    if (turn !== showing) return
    shown = scenario
    const told = explained.status === 'fulfilled' ? story.read(explained.value) : null
    const nodes = [
      heading(scenario),
      told && curlParts(told),
      el('div', {class: 'halves'},
        el('div', {},
          el('h3', {}, 'What each connection gets'),
          told ? storyParts(told) : refused(explained.reason)),
        el('div', {},
          told && expectParts(told),
          el('h3', {}, 'Source'),
          source.status === 'fulfilled' ? sourceParts(scenario, source.value) : refused(source.reason))),
    ]
    replace(nodes)
  }

  // --- as it changes ---------------------------------------------------------------------------

  const load = async () => {
    const [listed, found] = await Promise.all([mock.get('/scenarios'), mock.get('/problems')])
    scenarios = listed.scenarios
    problems = found
    version = found.version
    showList()
    showProblems()
    await showScenario()
  }

  /** Look whether the files are as they were; all is asked anew where they have been loaded since. */
  const look = async () => {
    const found = await mock.get('/problems')
    if (found.version !== version) return load()
    if (JSON.stringify(found) === JSON.stringify(problems)) return undefined
    problems = found
    showProblems()
    return showScenario()
  }

  const say = (words) => { if (by('live').textContent !== words) by('live').textContent = words }

  let follower = null
  let lost = false

  /** Where the journal is off, nobody tells: look by itself. */
  const lookByItself = () => {
    setInterval(() => look().then(() => say('looks every 2 s'), () => say('the server is away')), LOOK)
  }

  const heard = async (event) => {
    if (event.type !== 'files') return
    // Another server may be there by now, which has loaded its files as often.
    await (lost ? load() : look())
    lost = false
  }

  const follow = () => {
    // One rare kind of entry: only the news of files are wanted.
    follower = mock.follow('/journal/stream?kind=paused', {
      restWhileHidden: true,
      onEvent: (event) => heard(event).catch(() => { lost = true }),
      onState: (state, {error}) => {
        if (state === 'connected') say('live')
        if (state !== 'lost') return
        lost = true
        say(error?.status ? error.message : 'the server is away, trying again')
        if (error?.code !== 'journal-off') return
        follower.close()
        lookByItself()
      },
    })
  }

  // To the content without a change of the name after #, which is a scenario's.
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault()
    by('main').focus()
  })

  addEventListener('hashchange', () => {
    markChosen()
    arriving = true
    showScenario()
    document.querySelector('.detail').scrollTop = 0
  })

  load().then(follow, (error) => {
    say('not connected')
    replace([refused(error)])
    follow()
  })
})()
