/* What the timeline marks a block of a stream as: its kind, its type, one line of what it says. */

(() => {
  'use strict'

  const PREVIEW = 60

  const {firstLeaf} = globalThis.writtenJson
  const {counted} = globalThis.times

  /** One line of what `text` says: of JSON, the first thing that it says. */
  const preview = (data) => {
    const text = firstLeaf(data) ?? data
    const line = text.replace(/\s+/g, ' ').trim()
    return line.length > PREVIEW ? `${line.slice(0, PREVIEW - 1)}…` : line
  }

  /** Say of what kind a block is, by the fields that it was written with. */
  const kindOf = (fields) => {
    if ('data' in fields) return 'event'
    if ('raw' in fields) return 'raw'
    if ('comment' in fields) return 'comment'
    return 'retry' in fields ? 'retry' : 'field'
  }

  /** What is said of bytes written by hand: those that are no text come in base64. */
  const rawText = ({raw = '', encoding}) => (encoding ? counted(sizeIn(raw), 'byte') : raw)

  /** How many bytes a text in base64 stands for (RFC 4648 § 4). */
  const sizeIn = (text) => text.replace(/=+$/, '').length * 3 >> 2

  /** Return the mark of a block: number `block` of its connection, at `at`. */
  const markOf = (fields, block, at) => {
    const kind = kindOf(fields)
    const text = fields.data ?? fields.comment ?? rawText(fields)
    const type = kind === 'event' ? fields.type || 'message' : ''
    const mark = {at, kind, block, n: 1, type, text: preview(text)}
    if (fields.id !== undefined) mark.id = fields.id
    if (fields.retry !== undefined) mark.retry = Number(fields.retry) / 1000
    if (fields.incomplete || fields.raw !== undefined) mark.torn = true
    if (fields.bytes !== undefined) mark.bytes = fields.bytes
    return mark
  }

  /** Return the mark of what a test has pushed, from its entry. */
  const pushedMark = (entry) => {
    const common = {at: entry.at, n: 1, type: '', pushed: true, unsent: !entry.sent, bytes: entry.size, entry}
    if (entry.id !== null) common.id = entry.id
    if (entry.raw) return {...common, kind: 'raw', text: preview(entry.data)}
    const lines = entry.data.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(6))
    const text = preview(lines.join('\n') || entry.data)
    if (entry.event === null && !/^data/m.test(entry.data)) return {...common, kind: 'comment', text}
    return {...common, kind: 'event', type: entry.event || 'message', text}
  }

  globalThis.timelineBlocks = {markOf, pushedMark}
})()
