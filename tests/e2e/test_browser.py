"""The EventSource of a real browser: headless Chromium, driven by WebDriver."""

import http.server
import threading

import pytest
from stories import (
    CROSS_ORIGIN,
    INVENTORY,
    MULTILINE,
    MULTILINE_DATA,
    NO_CORS,
    OPEN_END,
    ORDER,
    RESUME,
    RESUMED,
    RETRY,
    SHOUTING,
)

RECORD = """
const [url, types, until, credentials] = given
const source = new EventSource(url, {withCredentials: Boolean(credentials)})
const record = []
return await new Promise((resolve) => {
  const add = (entry) => {
    record.push({...entry, at: performance.now()})
    if (until !== entry.kind && until !== entry.type && source.readyState !== 2) return
    source.close()
    resolve(record)
  }
  source.onopen = () => add({kind: 'open'})
  source.onerror = () => add({kind: 'error' + source.readyState})
  for (const type of ['message', ...types]) {
    source.addEventListener(type, ({type, data, lastEventId}) => {
      add({kind: 'event', type, data, lastEventId})
    })
  }
})
"""
"""Open an EventSource; return what it reported until it gave up or `until`, a kind or type, came."""


def events(record):
    """Reduce a record to (type, last event ID, data) of its events."""
    return [
        (entry["type"], entry["lastEventId"], entry["data"]) for entry in record if "data" in entry
    ]


def kinds(record):
    """Reduce a record to the kinds of its entries."""
    return [entry["kind"] for entry in record]


class BlankPage(http.server.BaseHTTPRequestHandler):
    """Answers every request with an empty page."""

    def do_GET(self):
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Keep quiet."""


@pytest.fixture
def elsewhere():
    """Give the URL of a page on a port, and so of an origin, that is not the mock server's."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BlankPage) as pages:
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{pages.server_port}/"
        pages.shutdown()
        thread.join()


@pytest.fixture
def page(browser, play):
    """Give a function that serves a story and opens a page of the server's own origin."""

    def start(story):
        server = play(story)
        browser.open(f"{server.url}/_mock/health")
        return browser

    return start


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
def test_resumes_after_every_kind_of_disconnect(page, kind):
    """The browser gets every event once, and gives up at the 204 that follows the story."""
    record = page(RESUME.replace("KIND", kind)).run(RECORD, ORDER, ["complete"], None)

    assert events(record) == RESUMED
    part = ["open", "event", "event", "error0"]
    assert [*part, *part, "error2"] == kinds(record)


def test_waits_for_the_reconnection_time_that_it_was_told(page):
    """The browser keeps away for the 700 ms that the server asked for."""
    record = page(RETRY).run(RECORD, ORDER, ["complete"], "complete")

    assert kinds(record) == ["open", "event", "error0", "open", "event"]
    assert 650 <= record[3]["at"] - record[2]["at"] <= 5000


def test_multi_line_data_arrives_with_its_line_ends(page):
    """Four data lines are one event whose data has three line feeds."""
    record = page(MULTILINE).run(RECORD, ORDER, [], "event")

    assert events(record) == [("message", "1", MULTILINE_DATA)]


def test_event_types_reach_their_own_listeners(page):
    """Two types in the order sent; the comment is not seen."""
    record = page(SHOUTING).run(RECORD, INVENTORY, ["stock-change", "price-change"], "price-change")

    assert [entry["type"] for entry in record[1:]] == ["stock-change", "price-change"]


def test_six_streams_run_side_by_side(page):
    """Six connections are all that a browser gives one host over HTTP/1.1; all six are told."""
    script = f"""
        const open = async (...given) => {{ {RECORD} }}
        const tabs = [1, 2, 3, 4, 5, 6]
        return await Promise.all(tabs.map((n) => open(`${{given[0]}}?tab=${{n}}`, [], 'event')))
    """

    records = page(OPEN_END).run(script, ORDER)

    assert [kinds(record) for record in records] == [["open", "event"]] * 6


def test_a_page_of_another_origin_reads_the_stream_with_its_cookie(browser, play, elsewhere):
    """With credentials, the cookie goes along and the answer that names the origin lets it in."""
    server = play(CROSS_ORIGIN)
    browser.open(elsewhere)
    browser.run("document.cookie = 'visitor=known; path=/'")

    record = browser.run(RECORD, server.url + ORDER, ["complete"], "complete", True)  # noqa: FBT003

    assert kinds(record) == ["open", "event"]


def test_a_page_of_another_origin_is_kept_out_where_the_answer_names_a_third(
    browser, play, elsewhere
):
    """The browser, not the server, refuses: one error, and it does not come back."""
    server = play(NO_CORS)
    browser.open(elsewhere)

    assert kinds(browser.run(RECORD, server.url + ORDER, ["complete"], None)) == ["error2"]
