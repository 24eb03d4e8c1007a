/* Elements in one line: `dom.el('p', {class: 'quiet'}, 'text', child)`. Text is never HTML. */

(() => {
  'use strict'

  const made = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue
      if (typeof value === 'function') node.addEventListener(name, value)
      else node.setAttribute(name, value === true ? '' : value)
    }
    node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false))
    return node
  }

  /** Return an HTML element; an attribute that is a function listens for the event of that name. */
  const el = (tag, attributes, ...children) => made(document.createElement(tag), attributes, children)

  /** Return an SVG element, likewise. */
  const svg = (tag, attributes, ...children) =>
    made(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)

  /** Return a text of a document as nodes: what stands between backticks is code. */
  const prose = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? el('code', {}, part) : part))

  window.dom = {el, svg, prose}
})()
