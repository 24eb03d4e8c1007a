/* Elements for the timeline: made, kept in step with what they show, and told apart. */

(() => {
  'use strict'

  /** Make an element; `properties` are set on it, those with a dash or `role` as attributes. */
  const make = (name, properties = {}, ...children) => {
    const element = document.createElement(name)
    for (const [key, value] of Object.entries(properties)) {
      if (value === undefined || value === null) continue
      if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
      else if (key.includes('-') || key === 'role' || key === 'for' || key === 'list') element.setAttribute(key, value)
      else element[key] = value
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false))
    return element
  }

  const set = (element, name, value) => {
    if (element[name] !== value) element[name] = value
  }

  const append = (parent, element) => parent.append(element)

  /** Keep the children of `parent` in step with `items`: [{key, tag, …}]; elements are used again.

      `kept` is a Map of key → element that belongs to the parent. `fill(element, item)` writes,
      `put(parent, element)` gives a new one its place. */
  const sync = (parent, kept, items, create, fill, put = append) => {
    const seen = new Set()
    for (const item of items) {
      let element = kept.get(item.key)
      if (!element) {
        element = create(item)
        kept.set(item.key, element)
        put(parent, element)
      }
      fill(element, item)
      seen.add(item.key)
    }
    if (kept.size === seen.size) return
    for (const [key, element] of kept) {
      if (seen.has(key)) continue
      element.remove()
      kept.delete(key)
    }
  }

  const clear = (element, ...children) => {
    element.replaceChildren(...children.filter(Boolean))
  }

  globalThis.timelineDom = {clear, make, set, sync}
})()
