/* The list of sessions at the left: those that the server knows, and those that entries tell of. */

(() => {
  'use strict'

  const {arrange, el, set} = globalThis.dom

  const MOST = 300

  class Sessions {
    /** `onChoose(name)` is told which session was clicked. */
    constructor(shown, onChoose) {
      Object.assign(this, {shown, onChoose})
      this.root = document.getElementById('sessions')
      this.items = new Map()
      this.listed = ''
    }

    /** Their names: the default one first, numbers in the order of numbers. */
    get names() {
      const {infos, model} = this.shown
      const gone = (name) => model.sessions.get(name)?.gone && !infos.has(name)
      const names = [...new Set([...infos.keys(), ...model.sessions.keys()])].filter((name) => !gone(name))
      return names.sort((a, b) => (b === 'default') - (a === 'default') || a.localeCompare(b, 'en', {numeric: true}))
    }

    /** Write the list as it is now. */
    draw() {
      const {names} = this
      const key = names.join('\n')
      if (key !== this.listed) this.list(names)
      this.listed = key
      for (const [name, item] of this.items) this.write(name, item.firstChild)
    }

    list(names) {
      const listed = names.slice(0, MOST)
      for (const name of this.items.keys()) if (!listed.includes(name)) this.items.delete(name)
      for (const name of listed) if (!this.items.has(name)) this.items.set(name, this.make(name))
      const more = names.length - listed.length
      const rest = more ? [el('li', {class: 'quiet'}, `and ${more} more`)] : []
      arrange(this.root, [...listed.map((name) => this.items.get(name)), ...rest])
    }

    make(name) {
      return el('li', {}, el('button', {type: 'button', click: () => this.onChoose(name)},
        el('i', {class: 'dot'}), el('span', {class: 'session-name'}, name), el('span', {class: 'session-count'})))
    }

    write(name, button) {
      const session = this.shown.model.sessions.get(name)
      const open = session ? session.open : 0
      const count = session?.lanes.size ? `${open ? `${open} open of ` : ''}${session.connections}` : '–'
      set(button, 'className', open ? 'open' : '')
      set(button.lastChild, 'textContent', count)
      button.setAttribute('aria-current', String(name === this.shown.session?.name))
    }
  }

  globalThis.TimelineSessions = Sessions
})()
