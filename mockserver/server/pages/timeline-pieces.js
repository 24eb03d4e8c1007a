/* Pieces of what is told of an event in full: its data unfolded, its bytes, the line of its scenario. */

(() => {
  'use strict'

  const {el} = globalThis.dom
  const {counted} = globalThis.times

  /** How deep values are unfolded at first, and how many members of one are shown. */
  const DEEP = 3
  const MEMBERS = 200
  /** Bytes and characters that are shown. */
  const HEX = 4096
  const CHARACTERS = 20000
  /** Scenarios whose text is kept. */
  const SOURCES = 50

  // --- values unfolded -------------------------------------------------------------------------

  /** Return a JSON value, as `writtenJson.read` has it, as a tree that can be folded. */
  const tree = (value, name, depth = 0) => {
    const label = name !== undefined && el('span', {class: 'json key'}, `${name}: `)
    const {kind, members, source} = value
    if (!members) return el('div', {class: 'leaf'}, label, el('span', {class: `json ${kind}`}, start(source)), rest(source))
    const [open, shut] = kind === 'array' ? '[]' : '{}'
    if (!members.length) return el('div', {class: 'leaf'}, label, open + shut)
    const count = kind === 'array' || depth ? members.length : ''
    return el('details', {open: depth < DEEP},
      el('summary', {}, label, el('span', {class: 'quiet'}, `${open}${count}${shut}`)),
      el('div', {class: 'nest'},
        members.slice(0, MEMBERS).map(([key, one]) => tree(one, key, depth + 1)),
        members.length > MEMBERS && el('div', {class: 'quiet'}, `and ${members.length - MEMBERS} more`)))
  }

  /** Text that only looks like JSON is text. */
  const unfolded = (text) => {
    const value = globalThis.writtenJson.read(text)
    if (value) return el('div', {class: 'tree', tabindex: 0}, tree(value))
    return el('pre', {class: 'text', tabindex: 0}, start(text), rest(text))
  }

  /** As much of a text as is shown, and how much more there is. */
  const start = (text) => text.slice(0, CHARACTERS)
  const rest = (text) => (text.length > CHARACTERS
    ? [el('span', {class: 'quiet'}, `\n… and ${counted(text.length - CHARACTERS, 'character')} more`)] : [])

  // --- bytes -----------------------------------------------------------------------------------

  const bytesOf = (block) => {
    if (block.text !== undefined) return new TextEncoder().encode(block.text)
    return Uint8Array.from(atob(block.base64), (one) => one.charCodeAt(0))
  }

  const UNSEEN = new Map([
    ['\r\n', '\\r\\n\n'], ['\r', '\\r\n'], ['\n', '\\n\n'], ['\t', '\\t'], ['\0', '\\0'],
  ])

  /** Controls, spaces of no width, and what turns the direction of a line (Unicode § 23.2). */
  const NEVER_SEEN = /(\r\n|[\0-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff])/

  const escaped = (part) => UNSEEN.get(part) ?? `\\u${part.charCodeAt(0).toString(16).padStart(4, '0')}`

  /** Return text as parts, with what cannot be seen written as in JavaScript, and set apart. */
  const visible = (text) => text.split(NEVER_SEEN)
    .map((part, index) => (index % 2 ? el('span', {class: 'unseen-byte'}, escaped(part)) : part))

  /** How many bytes it is; over a WebSocket its frame has a head besides (RFC 6455 § 5.2). */
  const sizeOf = (block) => {
    const size = bytesOf(block).length
    return size < block.bytes ? `${size}, ${block.bytes} with the head of its frame` : String(block.bytes)
  }

  const hex = (bytes) => {
    const lines = []
    for (let i = 0; i < Math.min(bytes.length, HEX); i += 16) {
      const row = [...bytes.slice(i, i + 16)]
      const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47)
      const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')
      lines.push(`${i.toString(16).padStart(4, '0')}  ${digits}  ${text}`)
    }
    if (bytes.length > HEX) lines.push(`… and ${counted(bytes.length - HEX, 'byte')} more`)
    return lines.join('\n')
  }

  const asText = (text) => el('pre', {class: 'bytes', tabindex: 0}, visible(start(text)), rest(text))

  /** Return a block's bytes as text, where they are that, and in hex. */
  const bytesShown = (block) => {
    const bytes = bytesOf(block)
    const isText = block.text !== undefined
    return [
      isText && asText(block.text),
      el('details', {open: !isText},
        el('summary', {}, `Hex, ${counted(bytes.length, 'byte')}`), el('pre', {class: 'hex', tabindex: 0}, hex(bytes))),
    ]
  }

  // --- the scenario's line ---------------------------------------------------------------------

  const sources = new Map()

  const sourceOf = async (scenario) => {
    if (!sources.has(scenario)) {
      const path = `/scenarios/${encodeURIComponent(scenario)}`
      const [about, text] = await Promise.all([mock.get(path), mock.get(`${path}/source`)])
      const [, file, line = 1] = /^(.*?)(?::(\d+):\d+)?$/.exec(about.where)
      sources.set(scenario, {file, line: Number(line), lines: String(text).split('\n')})
      if (sources.size > SOURCES) sources.delete(sources.keys().next().value)
    }
    return sources.get(scenario)
  }

  /** The lines of a source around number `line` of its file. */
  const linesAround = (source, line) => {
    const at = line - source.line
    const first = Math.max(0, at - 2)
    const rows = source.lines.slice(first, at + 4).map((text, i) => el('span', {class: first + i === at ? 'row here' : 'row'},
      el('i', {}, String(first + i + source.line)), text || ' '))
    return el('pre', {tabindex: 0}, rows)
  }

  /** Return the place that something was written in, with its lines if they are known. */
  const excerpt = async (scenario, where) => {
    const near = (where || '').split('/').slice(-2).join('/')
    const box = el('div', {class: 'source'}, el('code', {title: where}, near || 'the document shows it'))
    const [, file, line] = /^(.*):(\d+):\d+$/.exec(where || '') || []
    if (!line || !scenario) return box
    try {
      const source = await sourceOf(scenario)
      if (source.file === file) box.append(linesAround(source, Number(line)))
    } catch {
      // A scenario that was changed meanwhile has another text; its line is said all the same.
    }
    return box
  }

  globalThis.timelinePieces = {asText, bytesShown, excerpt, sizeOf, unfolded}
})()
