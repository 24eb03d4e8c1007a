/* The scenario page: the list at the left, one scenario at the right, problems of files above it. */

(() => {
  'use strict'

  const {el, prose} = dom
  const {nodes, overview, refused, marks, counted, link, fileOf} = detail
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

  const chosen = () => {
    const written = location.hash.slice(1)
    try {
      return decodeURIComponent(written)
    } catch {
      return written
    }
  }
  const folderOf = (name) => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '')

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

  const nothing = () => el('p', {class: 'quiet none'},
    'There are no scenarios: streams answer with what the document shows as examples. ',
    el('code', {}, 'mockserver new'), ' writes one to begin with.')

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
    if (!groups.length) groups.push(nothing())
    const focused = by('names').contains(document.activeElement) ? document.activeElement.dataset.name : undefined
    by('names').replaceChildren(...groups)
    filter()
    markChosen()
    markFiles()
    const again = links().find((each) => each.dataset.name === focused)
    if (!again) return
    keepReachable(again)
    again.focus()
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
    by('found').textContent = wanted.length ? `${count} of ${scenarios.length}` : counted(scenarios.length, 'scenario')
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
        el('code', {class: 'place'}, problem.where), ' ',
        el('span', {class: 'what'}, problem.what), ' ', el('span', {class: 'mark'}, problem.code)),
      excerpt(problem),
      problem.mend && el('p', {class: 'mend'}, el('b', {}, 'mend: '), problem.mend))

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
    for (const problem of problems.problems) if (problem.severity === 'error') files.set(problem.file, 'error')
    const known = new Map(scenarios.map((scenario) => [scenario.name, files.get(fileOf(scenario.where))]))
    for (const each of by('names').querySelectorAll('a')) {
      const severity = known.get(each.dataset.name)
      each.classList.toggle('ill', severity === 'error')
      each.classList.toggle('doubtful', severity === 'warning')
      each.querySelector('.ill-said')?.remove()
      if (severity) each.querySelector('.name').append(el('span', {class: 'ill-said mark'}, severity === 'error' ? 'problem' : 'warning'))
    }
  }

  by('to-problems').addEventListener('click', () => {
    by('problems').scrollIntoView({block: 'start'})
    by('problems-title').focus()
  })

  // --- one scenario ----------------------------------------------------------------------------

  let showing = 0
  /** Whether the reader has chosen a scenario that is not shown yet. */
  let arriving = false

  /** Put other nodes in place of the scenario; what was open and had the focus, has it still. */
  const replace = (parts) => {
    const article = by('scenario')
    const open = [...article.querySelectorAll('details[open]')].map((each) => each.parentNode.id)
    const focused = article.contains(document.activeElement) && document.activeElement.closest('[id]')?.id
    article.replaceChildren(...parts.flat(2).filter(Boolean))
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
      replace(overview(scenarios))
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
    replace(nodes(scenario, explained, source, problems.problems))
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

  let lost = false
  let looking = 0

  /** Where the journal is off, nobody tells: look by itself, until there is one. */
  const lookByItself = () => {
    const once = async () => {
      if (document.hidden) return
      try {
        await (lost ? load() : look())
        lost = false
        if (looking) say('looks every 2 s')
      } catch {
        lost = true
        if (looking) say('the server is away')
      }
    }
    looking ||= setInterval(once, LOOK)
  }

  const heard = async (event) => {
    if (event.type !== 'files') return
    // Another server may be there by now, which has loaded its files as often.
    await (lost ? load() : look())
    lost = false
  }

  const follow = () => {
    // One rare kind of entry: only the news of files are wanted.
    mock.follow('/journal/stream?kind=paused', {
      restWhileHidden: true,
      onEvent: (event) => heard(event).catch(() => { lost = true }),
      onState: (state, {error}) => {
        if (state === 'connected') {
          clearInterval(looking)
          looking = 0
          say('live')
        }
        if (state !== 'lost' && state !== 'refused') return
        lost = true
        say(error?.status ? error.message : 'the server is away, trying again')
        if (error?.code === 'journal-off') lookByItself()
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
