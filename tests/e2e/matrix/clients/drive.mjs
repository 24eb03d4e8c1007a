// What the programs for Node.js in this folder share. Each is given, one JSON object a line on
// standard input, runs and orders to stop them:
//   {"name": "LE-01", "url": "http://…", "types": ["message"], "method": "GET", "headers": {}}
//   {"stop": "LE-01"}
// and prints what its client reports, one JSON object a line:
//   {"kind": "ready"}                                  once, at first
//   {"name": "LE-01", "at": 12, "kind": "open"}
//   {"name": "LE-01", "at": 13, "kind": "event", "type": "message", "data": "hi", "lastEventId": "1"}
//   {"name": "LE-01", "at": 14, "kind": "error", "readyState": 0, "message": "…"}
//   {"name": "LE-01", "at": 99, "kind": "closed"}     it has given up; `stopped`: it was told to stop
// It ends with its input, and with it whatever still runs.

import {readFileSync} from 'node:fs'
import {createInterface} from 'node:readline'

const shared = readFileSync(new URL('listen.js', import.meta.url), 'utf8')
export const {listen, shorten} = new Function(`${shared}; return {listen, shorten}`)()

/** `start(run, emit)` begins a run and returns a function that stops it. */
export function drive(start) {
  const running = new Map()

  const begin = (run) => {
    const emit = (entry) => {
      if (!running.has(run.name)) return
      const line = {name: run.name, at: Math.round(performance.now()), ...entry}
      process.stdout.write(`${JSON.stringify(line)}\n`)
      if (entry.kind === 'closed' || entry.kind === 'stopped') running.delete(run.name)
    }
    running.set(run.name, () => {})
    const stop = start(run, emit)
    running.set(run.name, () => {
      emit({kind: 'stopped'})
      stop()
    })
  }

  process.stdout.write('{"kind":"ready"}\n')
  createInterface({input: process.stdin})
    .on('line', (line) => {
      const order = JSON.parse(line)
      if (order.stop) running.get(order.stop)?.()
      else begin(order)
    })
    .on('close', () => process.stdout.write('', () => process.exit()))
}

/** For clients that are loops: `loop(run, emit, signal)` returns when it gives up. */
export function driveLoop(loop) {
  drive((run, emit) => {
    const stop = new AbortController()
    loop(run, emit, stop.signal).then(
      (message) => emit({kind: 'closed', message}),
      (error) => emit({kind: 'closed', raised: true, message: `${error} ${error.cause ?? ''}`}),
    )
    return () => stop.abort()
  })
}
