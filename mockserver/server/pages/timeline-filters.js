/* The filters above the board: by operation, by event type, streams alone. */

(() => {
  'use strict'

  const {el, fill} = globalThis.dom

  const find = (id) => document.getElementById(id)

  class Filters {
    /** `onChange` is told when something else is to be seen, `onAddress` when the address says so. */
    constructor(shown, onChange, onAddress) {
      this.shown = shown
      const bind = (id, name, value) => find(id).addEventListener('change', ({target}) => {
        shown.filter[name] = target[value]
        shown.shape = -1
        shown.remember()
        onChange()
      })
      bind('filter-operation', 'operation', 'value')
      bind('filter-type', 'type', 'value')
      bind('filter-streams', 'streams', 'checked')
      find('filter-streams').checked = shown.filter.streams
      // An address that is written over this one is no new page.
      addEventListener('hashchange', () => {
        shown.recall()
        shown.shape = -1
        find('filter-streams').checked = shown.filter.streams
        onAddress()
      })
    }

    /** Offer the names that a session knows. */
    offer({operations, types}) {
      const {operation, type} = this.shown.filter
      offer(find('filter-operation'), [...operations.keys()].sort(), operation)
      offer(find('filter-type'), [...types.keys()].sort(), type)
    }
  }

  /** The first option, which is for all, stays. */
  const offer = (select, names, chosen) => {
    const all = chosen && !names.includes(chosen) ? [...names, chosen] : names
    const [any, ...known] = select.options
    if (known.map((one) => one.value).join('\n') !== all.join('\n')) {
      fill(select, any, all.map((value) => el('option', {value}, value)))
    }
    if (select.value !== chosen) select.value = chosen
  }

  globalThis.TimelineFilters = Filters
})()
