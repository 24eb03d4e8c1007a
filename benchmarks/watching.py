"""How long it takes from an event on the wire to its mark on the timeline page, in a browser."""

import contextlib
import re
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from processes import ROOT, Running, serve

STORY = """\
operation: streamOrderStatus
violates: short
stream:
- repeat: {times: forever, every: 100ms, as: n, steps: [{id: "{{ n }}", data: {a: 1}}]}
"""
WATCH = """
// Marks are seen once the frame in which they were made is over: the next one begins then.
const found = window.found = []
const observer = new MutationObserver((records) => {
  const made = []
  for (const {addedNodes} of records) {
    for (const node of addedNodes) {
      const marks = node.matches?.('.mark') ? [node] : node.querySelectorAll?.('.mark') ?? []
      for (const mark of marks) {
        const {lane} = mark.closest('.strip')
        made.push([lane.target, String(lane.marks[mark.index].block)]) // as their ids are
      }
    }
  }
  requestAnimationFrame(() => {
    const seen = performance.timeOrigin + performance.now()
    for (const [target, id] of made) found.push([target, id, seen])
  })
})
observer.observe(document.getElementById('strips'), {childList: true, subtree: true})
return true
"""
_ID = re.compile(rb"id: (\d+)\n")
_WARM = 8.0


def ways(folder: Path, streams: int, seconds: float) -> list[float]:
    """Watch so many streams of ten events a second; return the ways of what is in view, in ms.

    From when another client has an event, which reads the same streams, to the beginning of the
    frame after the one that shows its mark. The page's clock is that of the same machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ticking.yaml").write_text(STORY)
    spec = ROOT / "specs" / "petstore.openapi.yaml"
    with Running(serve(spec, folder)) as server, browser() as page:
        url = f"http://127.0.0.1:{server.port}"
        page.view(1440, 900)
        page.open(f"{url}/_mock/")
        page.until("return document.querySelector('#state').dataset.state === 'connected'")
        over, arrived = threading.Event(), dict[tuple[str, str], float]()
        reader = threading.Thread(target=read, args=(server.port, streams, over, arrived))
        reader.start()
        try:
            page.until("return document.querySelectorAll('.name.lane').length > 5")
            # So far apart that each event has a mark of its own.
            page.run("for (let n = 0; n < 2; n += 1) document.getElementById('zoom-in').click()")
            time.sleep(_WARM)  # noqa: TID251
            page.run(WATCH)
            time.sleep(seconds)  # noqa: TID251
            found: list[tuple[str, str, float]] = page.run("return window.found")
        finally:
            over.set()
            reader.join()
    return [seen - arrived[of, id_] for of, id_, seen in found if (of, id_) in arrived]


def read(
    port: int, streams: int, over: threading.Event, arrived: dict[tuple[str, str], float]
) -> None:
    """Read streams until it is over; note when each event came, in milliseconds since 1970."""
    selector = selectors.DefaultSelector()
    for number in range(streams):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        target = f"GET /v1/orders/{number}/status/stream"
        connection.sendall(f"{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        connection.settimeout(0)
        selector.register(connection, selectors.EVENT_READ, target)
    while not over.is_set():
        for key, _ in selector.select(0.2):
            assert isinstance(key.fileobj, socket.socket)
            ids = _ID.findall(key.fileobj.recv(65536))
            now = datetime.now(UTC).timestamp() * 1000
            for id_ in ids:
                arrived[key.data, id_.decode()] = now
    for key in list(selector.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()


@contextlib.contextmanager
def browser() -> Iterator:
    """Give the headless Chromium of the end-to-end tests."""
    sys.path.insert(0, str(ROOT / "tests" / "e2e"))
    import webdriver  # noqa: PLC0415

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        raise SystemExit("no Chromium: apt-get install chromium chromium-driver")
    with (
        tempfile.TemporaryDirectory() as profile,
        webdriver.Browser(driver, chromium, Path(profile)) as opened,
    ):
        yield opened
