// What the timeline makes of the journal's entries, and where it draws it, without a page.
import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {runInThisContext} from 'node:vm'

const folder = new URL('../../mockserver/server/pages/', import.meta.url)
const WITHOUT_A_PAGE = ['blocks', 'lane', 'subscriptions', 'session', 'model', 'marks', 'layout', 'plan', 'items']
for (const name of ['json.js', 'times.js', ...WITHOUT_A_PAGE.map((part) => `timeline-${part}.js`)]) {
  runInThisContext(readFileSync(new URL(name, folder), 'utf8'), name)
}
globalThis.dom = {}
runInThisContext(readFileSync(new URL('dom.js', folder), 'utf8'), 'dom.js')
const {arrange} = globalThis.dom
/** An element as the text that it has: what is set apart stands in angle brackets. */
globalThis.dom = {...globalThis.dom, el: (tag, attributes, ...children) => {
  const text = children.flat(3).filter(Boolean).join('')
  return tag === 'span' ? `<${text}>` : text
}}
runInThisContext(readFileSync(new URL('timeline-pieces.js', folder), 'utf8'), 'timeline-pieces.js')
const {asText, unfolded} = globalThis.timelinePieces
const {firstLeaf, indented, read} = globalThis.writtenJson
const {duration, moment, seconds} = globalThis.times
const {absence, endOf, resumedFrom} = globalThis.timelineLane
const {MARKS, LANES} = globalThis.timelineSession
const {Timeline, rowsOf} = globalThis.timelineModel
const {between, clusters, labelOf, spoken} = globalThis.timelineMarks
const {Pane, fitted, inView, placed, ticks, zoomed} = globalThis.timelineLayout
const {itemsOf} = globalThis.timelineItems

let running = 0
const entry = (kind, fields) => ({kind, running: running += 1, number: running, session: 'a', ...fields})
const opened = (serial, fields = {}) => entry('opened', {at: 0, operation: 'watch', target: 'GET /a', scenario: 's', subscription: 1, connection: 1, status: 200, last_event_id: null, after: null, reconnection_time: null, notes: [], serial, ...fields})
const sent = (serial, first, events, at = first, fields = {}) => entry('sent', {scenario: 's', subscription: 1, connection: 1, first, last: first + events.length - 1, offset: at, at, serial, events, ...fields})
const closed = (serial, at, ending, by, fields = {}) => entry('closed', {at, scenario: 's', subscription: 1, connection: 1, ending, by, blocks: 2, fault: '', operation: 'watch', bytes: 9, serial, ...fields})

const seeing = (...entries) => {
  const timeline = new Timeline()
  for (const one of entries) timeline.take(one)
  return timeline.session('a')
}

/** A drop after event 2, and the client that comes back 1.6 s later with it. */
const story = () => seeing(
  opened(1),
  sent(1, 1, [{retry: '1500', bytes: 13}, {id: '1', data: '{"status": "paid"}', bytes: 30}], 0),
  sent(1, 3, [{id: '2', type: 'shipped', data: 'x', bytes: 20}], 2),
  closed(1, 3, 'drop', 'script'),
  opened(2, {at: 4.6, connection: 2, last_event_id: '2', after: 1.6, reconnection_time: 1.5}),
)

test('a story of two connections is one subscription with two lanes', () => {
  const {subs} = story()
  assert.deepEqual(subs.map((sub) => sub.lanes.map((lane) => lane.connection)), [[1, 2]])
})

test('a connection that takes up an event points back to it', () => {
  const session = story()
  const [lane, mark] = resumedFrom(session.lanes.get(2))
  assert.deepEqual([lane.serial, mark.id, mark.type], [1, '2', 'shipped'])
  assert.equal(resumedFrom(session.lanes.get(1)), null)
})

test('an id that was never sent is pointed to by nothing', () => {
  const session = seeing(opened(1), sent(1, 1, [{id: '1', data: 'x'}]), closed(1, 2, 'drop', 'script'), opened(2, {connection: 2, last_event_id: '9'}))
  assert.equal(resumedFrom(session.lanes.get(2)), null)
})

for (const [name, after, told, verdict] of [
  ['as long as it was told', 1.6, 1.5, 'kept'], ['too short', 0.4, 1.5, 'early'], ['much longer', 9, 1.5, 'late'],
  ['a timer that fires a little early', 1.49, 1.5, 'kept'], ['told nothing', 3, null, 'untold'],
]) {
  test(`an absence is held against the retry hint: ${name}`, () => {
    const session = seeing(opened(1), closed(1, 3, 'drop', 'script'), opened(2, {at: 3 + after, connection: 2, after, reconnection_time: told}))
    const found = absence(session.lanes.get(2))
    assert.deepEqual([found.verdict, found.told, found.to], [verdict, told, 3 + after])
    assert.ok(Math.abs(found.from - 3) < 1e-9)
  })
}

test('two orders are two subscriptions, though both have a first connection', () => {
  const session = seeing(opened(1, {target: 'GET /1'}), opened(2, {target: 'GET /2'}), closed(1, 1, 'drop', 'script'), closed(2, 1, 'drop', 'script'), opened(3, {target: 'GET /2', connection: 2}), opened(4, {target: 'GET /1', connection: 2}))
  assert.deepEqual(session.subs.map((sub) => [sub.target, sub.lanes.map((lane) => lane.serial)]), [['GET /1', [1, 4]], ['GET /2', [2, 3]]])
})

test('a client that begins anew is another subscription', () => {
  const session = seeing(opened(1), closed(1, 1, 'end', 'client'), opened(2, {subscription: 2}))
  assert.deepEqual(session.subs.map((sub) => sub.lanes.length), [1, 1])
})

test('the 204 after a story stands with the story', () => {
  const session = seeing(opened(1), closed(1, 1, 'end', 'script'), opened(2, {at: 2, connection: 0, status: 204, last_event_id: '1'}))
  const [, over] = session.subs[0].lanes
  assert.match(endOf(over.closed), /stay away/)
})

for (const [fields, kind, type] of [
  [{data: 'x'}, 'event', 'message'], [{type: 'y', data: ''}, 'event', 'y'], [{comment: 'c'}, 'comment', ''],
  [{retry: '5'}, 'retry', ''], [{id: '5'}, 'field', ''], [{raw: 'zzz'}, 'raw', ''],
]) {
  test(`a block is marked as what it is: ${JSON.stringify(fields)}`, () => {
    const session = seeing(opened(1), sent(1, 1, [fields]))
    const [mark] = session.lanes.get(1).marks
    assert.deepEqual([mark.kind, mark.type], [kind, type])
  })
}

test('of JSON a mark says the first thing that it says', () => {
  const session = seeing(opened(1), sent(1, 1, [{data: '{"choices":[{"delta":{"content":"Once "}}]}'}, {data: '{broken'}, {data: '[]'}]))
  assert.deepEqual(session.lanes.get(1).marks.map((mark) => mark.text), ['Once', '{broken', '[]'])
})

test('of bytes that are no text a mark says how many they are', () => {
  const told = (raw) => seeing(opened(1), sent(1, 1, [{raw, encoding: 'base64'}])).lanes.get(1).marks[0].text
  assert.deepEqual(['gICA/wD+', '/w==', '//4='].map(told), ['6 bytes', '1 byte', '2 bytes'])
})

test('what was told without fields is a stretch, and is unfolded when it is known', () => {
  const session = seeing(opened(1), {...sent(1, 1, [1, 2, 3], 5), events: undefined})
  const lane = session.lanes.get(1)
  assert.deepEqual(lane.marks.map((mark) => [mark.kind, mark.n]), [['blocks', 3]])
  session.unfold(1, [{block: 1, fields: {data: 'a'}, bytes: 8}, {block: 2, fields: {comment: 'b'}, bytes: 4}])
  assert.deepEqual(lane.marks.map((mark) => [mark.kind, mark.block, mark.n, mark.at]), [['event', 1, 1, 5], ['comment', 2, 1, 5], ['blocks', 3, 1, 5]])
  assert.deepEqual([lane.events, lane.unknown, session.events], [1, 1, 1])
})

for (const [ending, by, text] of [
  ['end', 'script', 'ended by the script'], ['drop', 'script', 'dropped by the script'], ['reset', 'test', 'reset by a test'],
  ['end', 'client', 'the client left'], ['end', 'server', 'ended by the server'],
]) {
  test(`who ended a connection is said: ${ending} by ${by}`, () => {
    assert.equal(endOf(seeing(opened(1), closed(1, 1, ending, by)).lanes.get(1).closed), text)
  })
}

test('a hold lasts until the release, or until the end', () => {
  const paused = (at, held) => entry('paused', {at, scenario: 's', subscription: 1, connection: 1, live: 1, held, serial: 1})
  const session = seeing(opened(1), paused(1, null))
  const lane = session.lanes.get(1)
  assert.equal(lane.held, true)
  session.paused(paused(4, 3), lane)
  assert.deepEqual([lane.held, lane.spans[0].from, lane.spans[0].to], [false, 1, 4])
})

test('refused requests have a strip of their own, and filters for streams leave it out', () => {
  const session = seeing(entry('refused', {at: 1, target: 'GET /x', status: 404, code: 'no-operation', what: 'none'}), opened(1))
  assert.deepEqual(rowsOf(session).map((row) => row.sub.operation), ['Refused requests', 'watch'])
  assert.deepEqual(rowsOf(session, {streams: true}).map((row) => row.sub.operation), ['watch'])
})

for (const [filter, serials] of [
  [{}, [1, 2]], [{operation: 'other'}, [2]], [{type: 'x'}, [1]], [{type: 'none'}, []], [{streams: true}, [1]],
]) {
  test(`rows are filtered: ${JSON.stringify(filter)}`, () => {
    const session = seeing(opened(1), sent(1, 1, [{type: 'x', data: ''}]), opened(2, {operation: 'other', target: 'POST /b', subscription: 1, scenario: 't', status: 201}), closed(2, 0, 'end', 'script', {blocks: 0}))
    assert.deepEqual(rowsOf(session, filter).flatMap((row) => row.lanes.map((lane) => lane.serial)), serials)
  })
}

test('a reset empties a session, and a deletion says so', () => {
  const timeline = new Timeline()
  timeline.take(opened(1))
  timeline.take(entry('reset', {entries: 1}))
  assert.equal(timeline.session('a').lanes.size, 0)
  timeline.take(entry('deleted', {entries: 0}))
  assert.equal(timeline.session('a').gone, 'deleted')
})

test('a hundred thousand events and thousands of connections stay within bounds', () => {
  const timeline = new Timeline()
  for (let lane = 1; lane <= LANES + 500; lane += 1) {
    timeline.take(opened(lane, {target: `GET /${lane}`}))
    for (let n = 1; n <= 40; n += 1) timeline.take(sent(lane, n, [{data: 'x'}], lane))
    timeline.take(closed(lane, lane, 'end', 'script'))
  }
  const session = timeline.session('a')
  const held = [...session.lanes.values()].reduce((sum, lane) => sum + lane.marks.length, 0)
  assert.ok(session.lanes.size <= LANES)
  assert.ok(held <= MARKS)
  assert.equal(held, session.marks)
  assert.equal(session.subs.length, session.lanes.size)
  assert.ok(session.lanes.has(LANES + 500))
})

test('marks that would cover one another are one, and stay so while time goes on', () => {
  const session = seeing(opened(1), sent(1, 1, [{data: 'a'}], 1), sent(1, 2, [{data: 'b'}], 1.05), sent(1, 3, [{type: 't', data: 'c'}], 2))
  const lane = session.lanes.get(1)
  assert.deepEqual(clusters(lane, 100).map((one) => [one.first, one.last, one.n]), [[0, 1, 2], [2, 2, 1]])
  const kept = clusters(lane, 100)
  session.sent(sent(1, 4, [{data: 'd'}], 2.01), lane)
  assert.equal(clusters(lane, 100), kept)
  assert.deepEqual(kept.map((one) => one.n), [2, 2])
  assert.equal(kept[1].mixed, true)
  assert.deepEqual(clusters(lane, 100, 't').map((one) => one.n), [1])
})

test('a label says type and id, or how many there are', () => {
  const session = seeing(opened(1), sent(1, 1, [{type: 't', id: '7', data: 'c'}], 1), sent(1, 2, [{type: 't', data: 'c'}, {type: 't', data: 'd'}], 5), sent(1, 4, [{data: '{"a": 5}'}], 9))
  assert.deepEqual(clusters(session.lanes.get(1), 100).map(labelOf), ['#7 t', '2 × t', '5'])
})

test('only what is in view is found', () => {
  const list = [0, 1, 2, 3, 4].map((at) => ({at, to: at}))
  assert.deepEqual(between(list, 1, 3), [1, 4])
  assert.deepEqual(between(list, 9, 10), [5, 5])
  const {rows, height} = placed([{sub: 1, lanes: ['a', 'b']}, {sub: 2, lanes: ['c']}])
  assert.equal(rows.length, 5)
  const [first, end] = inView(rows, rows[2].y, rows[2].y + 1)
  assert.deepEqual([first, end], [2, 3])
  assert.equal(height, rows[4].y + rows[4].height)
})

for (const [value, text] of [[0, '0 s'], [0.0123, '12 ms'], [0.0012, '1.2 ms'], [1.5, '1.5 s'], [59.994, '59.99 s'], [59.9951, '1 min'], [60, '1 min'], [125, '2 min 5 s'], [3660, '1 h 1 min'], [-1.5, '−1.5 s']]) {
  test(`${value} seconds are written as ${text}`, () => assert.equal(seconds(value), text))
}

test('ticks are as far apart as can be read', () => {
  assert.deepEqual(ticks(0, 4, 100).map((tick) => tick.text), ['0:00', '0:01', '0:02', '0:03', '0:04'])
  assert.deepEqual(ticks(59, 61, 1000).map((tick) => tick.text).slice(0, 3), ['0:59.0', '0:59.1', '0:59.2'])
  assert.equal(moment(3725, 5), '1:02:05')
})

test('a zoom keeps the time under the pointer where it is', () => {
  const view = {from: 10, scale: 50}
  const closer = zoomed(view, 2, 200)
  assert.equal(closer.from + 200 / closer.scale, view.from + 200 / view.scale)
  const all = fitted(0, 100, 1000)
  assert.ok(all.from < 0 && all.from + 1000 / all.scale > 100)
})

const WRITTEN = '{"big": 12345678901234567890, "f": 1.0, "10": "a", "2": "\\u0041\\"]", "e": -1E+5, "2": [], "l": [true, null, {}]}'

test('JSON is shown as it was written: digits, order, and each of two members of one name', () => {
  const {kind, members} = read(WRITTEN)
  assert.equal(kind, 'object')
  assert.deepEqual(members.map(([name, value]) => [name, value.source ?? value.members.map(([, one]) => one.source)]), [
    ['big', '12345678901234567890'], ['f', '1.0'], ['10', '"a"'], ['2', '"A\\"]"'], ['e', '-1E+5'], ['2', []], ['l', ['true', 'null', undefined]],
  ])
  assert.equal(indented('{"b": 1.0,"1":[ 2 ,{}]}'), '{\n  "b": 1.0,\n  "1": [\n    2,\n    {}\n  ]\n}')
})

for (const text of ['', '7', '"a"', '{"a": 1', '{broken', '[1,]', '['.repeat(5000) + ']'.repeat(5000)]) {
  test(`what is no JSON object or list, or too deep, is text: ${text.slice(0, 9)}`, () => assert.equal(read(text), undefined))
}

for (const [text, leaf] of [['{"big": 12345678901234567890}', '12345678901234567890'], ['{"b": 1, "1": 2}', '1'], ['[[{"a": "x\\n"}]]', 'x\n'], ['[null]', 'null'], ['[[]]', undefined], ['{}', undefined]]) {
  test(`the first thing that JSON says is as it was written: ${text}`, () => assert.equal(firstLeaf(text), leaf))
}

/** What was told of which only numbers are known. */
const numbered = (serial, first, count, at, fields = {}) => ({...sent(serial, first, Array(count).fill(0), at), events: undefined, ...fields})

test('of what is known by its number alone, blocks are counted, and events are the least there are', () => {
  const session = seeing(opened(1), numbered(1, 1, 10000, 5), opened(2, {target: 'GET /b'}), sent(2, 1, [{data: 'x'}, {comment: 'c'}]))
  assert.deepEqual([session.told, session.lanes.get(1).count, session.lanes.get(2).count], ['at least 1 event', [10000, 'block'], [1, 'event']])
  session.unfold(1, Array.from({length: 9}, (_, i) => ({block: i + 1, fields: {data: 'a'}, bytes: 8})))
  assert.deepEqual([session.told, session.lanes.get(1).count], ['at least 10 events', [10000, 'block']])
  session.unfold(1, Array.from({length: 10000}, (_, i) => ({block: i + 1, fields: {data: 'a'}, bytes: 8})))
  assert.deepEqual([session.told, session.lanes.get(1).count], ['10001 events', [10000, 'event']])
  assert.equal(seeing(opened(1), numbered(1, 1, 7, 5)).told, '7 blocks')
})

test('nothing that stood before what was told is still to come', () => {
  const session = seeing(opened(1), sent(1, 1, [{data: 'x'}]))
  const lane = session.lanes.get(1)
  const send = (at) => ({cue: 'send', origin: 'script', at, fields: {data: 'x'}})
  const beat = {cue: 'send', origin: 'heartbeat', at: 2, fields: {comment: ''}}
  lane.plan = {blocks: 1, ahead: [{cue: 'stall', at: 1, until: 3}, beat, {cue: 'await', at: 3, name: 'signal a'}, send(4), send(5), {cue: 'end', at: 5}]}
  const ahead = (now) => lane.ahead(now).map(({cue, index}) => `${index} ${cue.cue}`)
  assert.deepEqual(ahead(1.5), ['0 stall', '1 send', '2 await', '3 send', '4 send', '5 end'])
  assert.deepEqual(ahead(2), ['0 stall', '2 await', '3 send', '4 send', '5 end'])
  session.sent(numbered(1, 2, 1, 9), lane)
  assert.deepEqual(ahead(9), ['4 send', '5 end'])
})

test('a connection that began unseen is counted once', () => {
  const session = seeing(sent(7, 4, [{data: 'x'}]), sent(7, 5, [{data: 'x'}]), closed(8, 5, 'end', 'script'), opened(9))
  assert.deepEqual([[...session.strangers], session.connections], [[7, 8], 1])
})

test('batches of entries that were gone are added up', () => {
  const timeline = new Timeline()
  for (const count of [3, 4]) timeline.take({kind: 'dropped', count})
  assert.equal(timeline.missed, 7)
})

for (const [events, said] of [
  [[{raw: 'a'}, {raw: 'b'}, {raw: 'c'}], '3 blocks, raw bytes among them, at 0 s'], [[{type: 't', data: 'a'}, {type: 't', data: 'b'}], '2 events of type t at 0 s'],
  [[{data: 'a'}, {data: 'b'}], '2 events at 0 s'], [[{comment: 'a'}, {comment: 'b'}], 'comment at 0 s: a'],
]) {
  test(`a mark is said as what it is: ${said}`, () => {
    const session = seeing(opened(1), sent(1, 1, events, 0))
    assert.equal(spoken(clusters(session.lanes.get(1), 100)[0]), said)
  })
}

for (const [value, text] of [[0, '0 s'], [0.25, '250 ms'], [1.525, '1.525 s'], [90, '90 s'], [125, '2 min 5 s'], [3600, '1 h'], [null, 'for ever'], [Infinity, 'for ever']]) {
  test(`${value} seconds of a scenario are written as ${text}`, () => assert.equal(duration(value), text))
}

/** What is seen of the first connection of a session, 100 pixels a second, by key. */
const seen = (session, fields = {}) => {
  const pane = new Pane({from: 0, scale: 100}, 1000)
  const scene = {session, pane, now: session.last, moving: false, filter: {type: ''}, selected: null, rowOf: () => undefined, ...fields}
  return new Map(itemsOf(session.lanes.get(1), scene).map((item) => [item.key, item]))
}

test('a strip has marks, head and end, and nothing that is out of view', () => {
  const session = seeing(opened(1), sent(1, 1, [{id: '1', data: 'x'}], 1), sent(1, 2, [{data: 'y'}], 60), closed(1, 61, 'drop', 'script'))
  const items = seen(session)
  assert.deepEqual([...items.keys()], ['m0', 'head'])
  assert.deepEqual([items.get('m0').x, items.get('m0').text, items.get('head').text], [100, '#1 x', '200'])
})

for (const [index, chosen] of [[0, true], [1, false], [null, false]]) {
  test(`of a mark it is seen that it was chosen, of a connection it is not: ${index}`, () => {
    const session = seeing(opened(1), sent(1, 1, [{data: 'x'}], 1))
    const items = seen(session, {selected: {lane: session.lanes.get(1), index}})
    assert.equal(/ selected$/.test(items.get('m0').cls), chosen)
  })
}

test('what is still to come stands behind what was told, with the time until then', () => {
  const session = seeing(opened(1), sent(1, 1, [{data: 'x'}], 1))
  const send = {cue: 'send', origin: 'script', at: 3, fields: {id: '2', data: 'y'}}
  session.lanes.get(1).plan = {blocks: 1, sends: 1, waits: '', ahead: [send, {cue: 'await', at: 5, name: 'signal a'}, {cue: 'drop', at: 6}]}
  const items = seen(session)
  assert.deepEqual([...items].map(([key, {text}]) => [key, text]), [
    ['m0', 'x'], ['w0', '2 s'], ['p0', '#2 '], ['w1', '2 s'], ['p1', 'waits for signal a'], ['w2', '1 s'], ['p2', 'will drop'], ['head', '200'],
  ])
})

test('for how long a client was away is said before the head that it is said of', () => {
  const back = (id) => opened(2, {at: 4.6, connection: 2, last_event_id: id, after: 0.1, reconnection_time: 1.5})
  const items = (id) => {
    const session = seeing(opened(1), sent(1, 1, [{id, data: 'x'}], 4), closed(1, 4.5, 'drop', 'script'), back(id))
    const pane = new Pane({from: 0, scale: 100}, 1000)
    const scene = {session, pane, now: 5, moving: false, filter: {type: ''}, selected: null, rowOf: () => undefined}
    return new Map(itemsOf(session.lanes.get(2), scene).map((item) => [item.key, item]))
  }
  assert.ok(items('2').get('awaysaid').x < 450 - '↻ 2  200'.length * 5)
  const long = items('7'.repeat(300)).get('head')
  assert.equal(long.text, `↻ ${'7'.repeat(23)}…  200`)
  assert.ok(long.title.includes('7'.repeat(300)))
})

for (const [text, shown] of [
  ['a\r\nb', 'a<\\r\\n\n>b'], ['\u202edata\x1b[2J', '<\\u202e>data<\\u001b>[2J'], ['\u05e9 \ud83d\udc68\u200d\ud83d\udc69', '\u05e9 \ud83d\udc68\u200d\ud83d\udc69'], ['\u200b\ufeff', '<\\u200b><><\\ufeff>'.replace('<>', '')],
]) {
  test(`what cannot be seen of a text is written out: ${JSON.stringify(text)}`, () => assert.equal(asText(text), shown))
}

test('of a long text the beginning is shown, and how much more there is', () => {
  const long = 'x'.repeat(20001)
  const shown = `${'x'.repeat(20000)}<\n… and 1 character more>`
  assert.equal(asText(long), shown)
  assert.equal(unfolded(long), shown)
  assert.ok(unfolded(JSON.stringify([long])).length < 20100)
})

test('what stays in a list is not taken out of it', () => {
  const taken = []
  const parent = {
    children: [],
    get firstElementChild() { return this.children[0] ?? null },
    insertBefore(child, next) {
      if (this.children.includes(child)) child.remove()
      this.children.splice(next ? this.children.indexOf(next) : this.children.length, 0, child)
    },
  }
  const item = (name) => ({
    name,
    get nextElementSibling() { return parent.children[parent.children.indexOf(this) + 1] ?? null },
    remove() {
      taken.push(name)
      parent.children.splice(parent.children.indexOf(this), 1)
    },
  })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(item)
  arrange(parent, [a, c])
  arrange(parent, [a, b, c, d])
  arrange(parent, [a, d])
  assert.deepEqual([parent.children, taken], [[a, d], ['b', 'c']])
})
