"""python use_chromium.py window|worker: the EventSource of headless Chromium, in a page or a worker.

The page's origin is the server's, so that nothing but the stream is at stake.
"""

import json
import queue
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent.parent))

import webdriver  # noqa: E402

DRIVE = """
const running = new Map()
function obey(order) {
  if (order.stop) return void running.get(order.stop)?.()
  const emit = (entry) => {
    if (!running.has(order.name)) return
    print({name: order.name, at: Math.round(performance.now()), ...entry})
    if (entry.kind === 'closed' || entry.kind === 'stopped') running.delete(order.name)
  }
  running.set(order.name, () => {})
  const stop = listen(EventSource, order, emit)
  running.set(order.name, () => {
    emit({kind: 'stopped'})
    stop()
  })
}
"""
"""What ``drive.mjs`` does, for a place where lines come and go in another way."""

WINDOW = """
window.lines = []
window.obey = new Function(`
  const print = (line) => { window.lines.push(line); window.wake?.() }
  ${given[0]}; ${given[1]}; return obey`)()
"""
WORKER = """
const text = `
  const print = (line) => postMessage(line)
  ${given[0]}; ${given[1]}; onmessage = ({data}) => obey(data)`
const worker = new Worker(URL.createObjectURL(new Blob([text])))
window.lines = []
worker.onmessage = ({data}) => { window.lines.push(data); window.wake?.() }
window.obey = (order) => worker.postMessage(order)
"""
TURN = """
given[0].forEach(window.obey)
if (window.lines.length === 0) {
  await new Promise((resolve) => { window.wake = resolve; setTimeout(resolve, 50) })
}
return window.lines.splice(0)
"""
"""Hand over orders; return the lines there are, waiting a moment for the first one."""


def orders() -> queue.Queue[dict | None]:
    """Read standard input in a thread; None is its end."""
    read: queue.Queue[dict | None] = queue.Queue()

    def work() -> None:
        for line in sys.stdin:
            read.put(json.loads(line))
        read.put(None)

    threading.Thread(target=work, daemon=True).start()
    return read


def main(place: str) -> None:
    """Run the browser until the input ends."""
    waiting = orders()
    first = waiting.get()
    if first is None:
        return
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert driver is not None
    assert chromium is not None
    server = urlsplit(first["url"])
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        webdriver.Browser(driver, chromium, Path(profile)) as browser,
    ):
        browser.open(f"{server.scheme}://{server.netloc}/_mock/health")
        script = {"window": WINDOW, "worker": WORKER}[place]
        browser.run(script, (HERE / "listen.js").read_text(encoding="utf-8"), DRIVE)
        print('{"kind": "ready"}', flush=True)  # noqa: T201
        batch: list[dict] = [first]
        while True:
            while not waiting.empty():
                order = waiting.get()
                if order is None:
                    return
                batch.append(order)
            for line in browser.run(TURN, batch):
                print(json.dumps(line), flush=True)  # noqa: T201
            batch = []


main(sys.argv[1])
