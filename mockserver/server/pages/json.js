/* JSON as it was written: numbers with all their digits, members in their order, each of those that
   share a name. (JSON.parse rounds, sorts names that are numbers, and keeps the last of a name.) */

(() => {
  'use strict'

  const DEEPEST = 200
  const SPACE = /[\t\n\r ]*/y
  const SCALAR = /[^\t\n\r ,:\]}]+/y

  /** Reads a text that is known to be JSON from one thing to the next. */
  class Reader {
    constructor(text) {
      this.text = text
      this.at = 0
      this.skip()
    }

    /** The next character; nothing is taken. */
    get next() {
      return this.text[this.at]
    }

    match(pattern) {
      pattern.lastIndex = this.at
      const [found] = pattern.exec(this.text)
      this.at += found.length
      return found
    }

    skip() {
      this.match(SPACE)
    }

    /** Take one character, and the white space behind it. */
    mark() {
      this.at += 1
      this.skip()
    }

    /** Take a string, number or word; returns it as it stands. */
    scalar() {
      const found = this.next === '"' ? this.string() : this.match(SCALAR)
      this.skip()
      return found
    }

    string() {
      const from = this.at
      let end = from
      for (;;) {
        end = this.text.indexOf('"', end + 1)
        let slashes = 0
        while (this.text[end - 1 - slashes] === '\\') slashes += 1
        if (slashes % 2 === 0) break
      }
      this.at = end + 1
      return this.text.slice(from, this.at)
    }

    value(depth = 0) {
      const open = this.next
      if (open !== '{' && open !== '[') return scalarOf(this.scalar())
      if (depth === DEEPEST) throw new RangeError('too deep')
      const members = []
      this.mark()
      while (this.next !== '}' && this.next !== ']') {
        let name = members.length
        if (open === '{') {
          name = JSON.parse(this.scalar())
          this.mark()
        }
        members.push([name, this.value(depth + 1)])
        if (this.next === ',') this.mark()
      }
      this.mark()
      return {kind: open === '{' ? 'object' : 'array', members}
    }
  }

  const KINDS = new Map([['"', 'string'], ['t', 'boolean'], ['f', 'boolean'], ['n', 'null']])

  /** Escapes of a string are undone and made anew: what can be seen is shown as itself. */
  const scalarOf = (source) => {
    const kind = KINDS.get(source[0]) || 'number'
    return {kind, source: kind === 'string' ? JSON.stringify(JSON.parse(source)) : source}
  }

  /** Whether a text is an object or a list in JSON. */
  const isTree = (text) => {
    if (!/^\s*[[{]/.test(text)) return false
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }

  /** Return an object or list as {kind, members: [[name, value], …]}, of scalars {kind, source}.

      Undefined for all that is no object and no list in JSON, or too deep to be shown. */
  const read = (text) => {
    if (!isTree(text)) return undefined
    try {
      return new Reader(text).value()
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  /** Return the first scalar in an object or list as text, undefined where there is none. */
  const firstLeaf = (text) => {
    if (!isTree(text)) return undefined
    const reader = new Reader(text)
    while (reader.next === '{' || reader.next === '[') {
      const named = reader.next === '{'
      reader.mark()
      if (reader.next === '}' || reader.next === ']') return undefined
      if (!named) continue
      reader.scalar()
      reader.mark()
    }
    const source = reader.scalar()
    return source[0] === '"' ? JSON.parse(source) : source
  }

  const lines = (value, indent) => {
    if (!value.members) return value.source
    const [open, shut] = value.kind === 'object' ? '{}' : '[]'
    if (!value.members.length) return open + shut
    const inner = `${indent}  `
    const named = (name) => (value.kind === 'object' ? `${JSON.stringify(name)}: ` : '')
    const written = value.members.map(([name, one]) => `${inner}${named(name)}${lines(one, inner)}`)
    return `${open}\n${written.join(',\n')}\n${indent}${shut}`
  }

  /** Return an object or list over several lines, undefined for what is none. */
  const indented = (text) => {
    const value = read(text)
    return value && lines(value, '')
  }

  globalThis.writtenJson = {firstLeaf, indented, read}
})()
