// Reads event streams as the pages do. On stdin: {"script": path of control.js, "streams": [hex, …],
// "sizes": [bytes of a piece, …]}; on stdout for each stream and size [events, reconnection time].

import {readFileSync} from 'node:fs'
import {runInThisContext} from 'node:vm'

const {script, streams, sizes} = JSON.parse(readFileSync(0, 'utf-8'))
globalThis.window = globalThis
globalThis.location = {origin: 'http://mock.test'}
globalThis.document = {currentScript: {src: 'http://mock.test/_mock/pages/control.js'}}
globalThis.sessionStorage = {getItem: () => null}
runInThisContext(readFileSync(script, 'utf-8'), {filename: script})

const read = (bytes, size) => {
  const events = []
  let time = null
  const stream = new window.mock.EventStream({
    onEvent: ({type, data, lastEventId}) => events.push([type, data, lastEventId]),
    onRetry: (milliseconds) => { time = milliseconds },
  })
  for (let start = 0; start < bytes.length; start += size) {
    stream.push(bytes.subarray(start, start + size))
  }
  return [events, time]
}

const found = streams.map((hex) => sizes.map((size) => read(Buffer.from(hex, 'hex'), size)))
console.log(JSON.stringify(found))
