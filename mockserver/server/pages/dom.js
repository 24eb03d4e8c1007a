/* Elements in one line: `dom.el('p', {class: 'quiet'}, 'text', child)`. Text is never HTML. */

(() => {
  'use strict'

  const absent = (value) => value === null || value === undefined || value === false

  const made = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (absent(value)) continue
      if (typeof value === 'function') node.addEventListener(name, value)
      else node.setAttribute(name, value === true ? '' : value)
    }
    node.append(...children.flat(3).filter((child) => !absent(child)))
    return node
  }

  /** Return an HTML element; an attribute that is a function listens for the event of that name. */
  const el = (tag, attributes, ...children) => made(document.createElement(tag), attributes, children)

  /** Return an SVG element, likewise. */
  const svg = (tag, attributes, ...children) =>
    made(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)

  /** Return a text of a document as nodes: what stands between backticks is code. */
  const prose = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? el('code', {}, part) : part))

  /** Put these children in the place of what an element has. */
  const fill = (element, ...children) => {
    element.replaceChildren(...children.flat(3).filter(Boolean))
  }

  /** Give an element these children in this order, with none taken out and put back that may stay:
      one that is has lost the focus. */
  const arrange = (parent, children) => {
    const wanted = new Set(children)
    for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
    let next = parent.firstElementChild
    for (const child of children) {
      if (child === next) next = next.nextElementSibling
      else parent.insertBefore(child, next)
    }
  }

  /** Set a property where it is another: what is written is laid out again, whether it has changed or not. */
  const set = (element, name, value) => {
    if (element[name] !== value) element[name] = value
  }

  const append = (parent, element) => parent.append(element)

  /** Keep the children of `parent` in step with `items`: [{key, …}]; elements are used again.

      `kept` is a Map of key → element that belongs to the parent. `create(item)` makes an element,
      `write(element, item)` writes it, `put(parent, element)` gives a new one its place. */
  const sync = (parent, kept, items, create, write, put = append) => {
    const seen = new Set()
    for (const item of items) {
      let element = kept.get(item.key)
      if (!element) {
        element = create(item)
        kept.set(item.key, element)
        put(parent, element)
      }
      write(element, item)
      seen.add(item.key)
    }
    if (kept.size === seen.size) return
    for (const [key, element] of kept) {
      if (seen.has(key)) continue
      element.remove()
      kept.delete(key)
    }
  }

  /** Copy a text, and say on the button what has become of it; where the browser keeps the clipboard
      from the page, `source` is selected, to be copied by hand. */
  const copy = async (button, source) => {
    try {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = 'Copied'
    } catch {
      getSelection().selectAllChildren(source)
      button.textContent = 'Selected'
    }
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  }

  globalThis.dom = {arrange, copy, el, fill, prose, set, svg, sync}
})()
