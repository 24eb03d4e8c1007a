/* The names at the left: each subscription with what it asks for, its connections below it. */

(() => {
  'use strict'

  const {el, set, sync} = globalThis.dom
  const {counted} = globalThis.times
  const {endOf} = globalThis.timelineLane
  const {keyOf, length} = globalThis.timelineLayout

  /** Milliseconds between writes of what only counts up: nobody reads it twenty times a second. */
  const COUNT_AGAIN = 400

  const VERDICTS = {passed: '✓ passed', failed: '✗ failed', pending: '… pending'}

  /** Say what has become of a connection, or what it does. */
  const fateOf = (lane) => {
    const {closed} = lane
    if (lane.refused) return 'belong to no story'
    if (closed) {
      const answered = !lane.stream && closed.by === 'script' && closed.kind === 'end' && !closed.over
      return answered ? `${lane.status} answered` : endOf(closed)
    }
    if (lane.held) return 'held by a test'
    return lane.plan?.waits ? `waits for ${lane.plan.waits}` : 'open'
  }

  class Names {
    /** `onChoose(lane)` is told which connection was clicked. */
    constructor(root, onChoose) {
      this.root = root
      this.kept = new Map()
      this.roving = null
      /** Whether something was left to be written later. */
      this.behind = false
      root.addEventListener('click', ({target}) => {
        const button = target.closest('button')
        if (button) onChoose(this.laneOf(button))
      })
    }

    /** Draw these rows, of subscriptions and of connections. */
    draw(rows, scene) {
      this.behind = false
      sync(this.root, this.kept, rows, make, (element, row) => this.write(element, row, scene))
      this.rove(rows)
    }

    write(element, {sub, lane, y}, {selected, verdicts}) {
      set(element.style, 'top', length(y))
      if (lane) this.writeLane(element, lane, selected?.lane === lane)
      else writeSub(element, sub, verdicts)
    }

    writeLane(element, lane, selected) {
      const [count, what] = lane.count
      const said = counted(count, what)
      const fate = fateOf(lane)
      const look = [lane.state, fate, selected].join('\n')
      const same = element.lane === lane && element.look === look
      if (same && element.counted === said) return
      if (same && performance.now() - element.writtenAt < COUNT_AGAIN) {
        this.behind = true
        return
      }
      Object.assign(element, {lane, look, counted: said, writtenAt: performance.now()})
      set(element, 'className', `name lane ${lane.state}${selected ? ' selected' : ''}`)
      const button = element.firstChild
      const [, which, told, number] = button.children
      set(which, 'textContent', lane.connection ? `#${lane.connection}` : '–')
      set(told, 'textContent', fate)
      set(told, 'title', fate)
      set(number, 'textContent', count ? (what === 'block' ? said : String(count)) : '')
      // The name begins with what is seen (WCAG 2.2 § 2.5.3).
      const seen = `${which.textContent} ${fate}${count ? ` ${said}` : ''}`
      setAttribute(button, 'aria-label', `${seen}, connection ${lane.connection} of ${lane.operation}, ${lane.target}`)
      setAttribute(button, 'aria-current', String(selected))
    }

    /** Let one connection be where Tab comes in. */
    rove(rows) {
      for (const {key, lane} of rows) {
        if (lane) set(this.kept.get(key).firstChild, 'tabIndex', lane === this.roving ? 0 : -1)
      }
    }

    laneOf(button) {
      return button.parentElement.lane
    }

    buttonOf(lane) {
      return this.kept.get(keyOf(lane))?.firstChild
    }
  }

  const setAttribute = (element, name, value) => {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value)
  }

  const make = ({lane}) => {
    if (!lane) {
      return el('div', {class: 'name sub', role: 'listitem'},
        el('b'), el('code'), el('span', {class: 'scenario'}), el('span', {class: 'verdict'}))
    }
    const parts = ['which', 'fate', 'number'].map((part) => [' ', el('span', {class: part})])
    return el('div', {class: 'name lane', role: 'listitem'},
      el('button', {type: 'button', tabindex: -1}, el('i', {class: 'dot'}), parts))
  }

  const writeSub = (element, sub, verdicts) => {
    const [operation, target, scenario, verdict] = element.children
    set(operation, 'textContent', sub.operation || '–')
    set(target, 'textContent', sub.target)
    set(target, 'title', sub.target)
    set(scenario, 'textContent', sub.scenario)
    set(scenario, 'title', sub.scenario ? `scenario ${sub.scenario}` : '')
    const said = verdicts.get(`${sub.scenario}\n${sub.subscription}\n${sub.target}`) || ''
    set(verdict, 'className', `verdict ${said}`)
    set(verdict, 'textContent', VERDICTS[said] || '')
  }

  globalThis.TimelineNames = Names
})()
