// node client.mjs URL [--client eventsource|undici] [--connections N] [--until CONDITION]
//                     [--types a,b] [--credentials] [--timeout SECONDS]
//
// Runs an EventSource that somebody else wrote and prints what it reports, one JSON object a line:
//   {"client":1,"at":12,"kind":"open"}             `at`: milliseconds since the start; in every line
//   {"client":1,"kind":"event","type":"message","data":"hi","lastEventId":"1","origin":"http://…"}
//   {"client":1,"kind":"error","readyState":0}          0: comes back by itself, 2: has given up
// It ends when every one of the N EventSources (--connections, default 1) has met the condition:
// events=N, opens=N, errors=N, type=NAME or closed (the default). Exit 0 then, 3 at the time limit.

import {parseArgs} from 'node:util'

const {positionals, values} = parseArgs({
  allowPositionals: true,
  options: {
    client: {type: 'string', default: 'eventsource'},
    connections: {type: 'string', default: '1'},
    until: {type: 'string', default: 'closed'},
    types: {type: 'string', default: ''},
    credentials: {type: 'boolean', default: false},
    timeout: {type: 'string', default: '20'},
  },
})

const CLOSED = 2
const {EventSource} = await import(values.client)
const [condition, wanted] = values.until.split('=')
const MET = {
  events: (seen) => seen.events >= Number(wanted),
  opens: (seen) => seen.opens >= Number(wanted),
  errors: (seen) => seen.errors >= Number(wanted),
  type: (seen) => seen.type === wanted,
  closed: (seen) => seen.readyState === CLOSED,
}[condition]
if (!MET) throw new Error(`--until ${values.until}: not a condition`)

let running = Number(values.connections)
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

// The timer also keeps the process alive: a client that waits to reconnect may not.
setTimeout(() => {
  print({kind: 'timeout'})
  process.exitCode = 3
  process.stdout.write('', () => process.exit())
}, 1000 * Number(values.timeout))

function listen(client) {
  const source = new EventSource(positionals[0], {withCredentials: values.credentials})
  const seen = {events: 0, opens: 0, errors: 0, type: null, readyState: 0, done: false}

  const record = (line) => {
    if (seen.done) return
    print({client, at: Math.round(performance.now()), ...line})
    seen.readyState = source.readyState
    if (!MET(seen)) return
    seen.done = true
    source.close()
    running -= 1
    if (running === 0) process.stdout.write('', () => process.exit())
  }

  source.addEventListener('open', () => {
    seen.opens += 1
    record({kind: 'open'})
  })
  source.addEventListener('error', (event) => {
    seen.errors += 1
    record({kind: 'error', readyState: source.readyState, code: event.code, message: event.message})
  })
  for (const type of ['message', ...values.types.split(',').filter(Boolean)]) {
    source.addEventListener(type, (event) => {
      seen.events += 1
      seen.type = event.type
      const {data, lastEventId, origin} = event
      record({kind: 'event', type: event.type, data, lastEventId, origin})
    })
  }
}

for (let client = 1; client <= running; client += 1) listen(client)
