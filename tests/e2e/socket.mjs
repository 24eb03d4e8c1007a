// One WebSocket of npm's `ws` after another: prints what each gets as lines of JSON.
// node socket.mjs URL [URL …]
import WebSocket from 'ws'

const print = (entry) => console.log(JSON.stringify(entry))

for (const url of process.argv.slice(2)) {
  await new Promise((resolve) => {
    const socket = new WebSocket(url, ['orders.v1'])
    socket.on('open', () => print({kind: 'open', protocol: socket.protocol}))
    socket.on('ping', (data) => print({kind: 'ping', data: data.toString()}))
    socket.on('message', (data) => print({kind: 'message', ...JSON.parse(data)}))
    socket.on('unexpected-response', (request, response) => {
      print({kind: 'refused', status: response.statusCode})
      request.destroy()
      resolve()
    })
    socket.on('error', () => {})
    socket.on('close', (code) => {
      print({kind: 'close', code})
      resolve()
    })
  })
}
