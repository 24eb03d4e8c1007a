"""The timeline in a real browser: what is seen of connections, what the buttons do, how it lasts."""

import contextlib
import http.client
import json
import re
import threading
from urllib.parse import urlsplit

import pytest
from control import LOOKED_AT, ask, asked_for_its_token

ORDER = "/v1/orders/7/status/stream"
RESUME = """\
operation: streamOrderStatus
stream:
- retry: 300ms
- {id: 1, data: {status: payment_processing, timestamp: "2026-01-01T00:00:00Z"}}
- {delay: 2s, id: 2, data: {status: payment_confirmed, timestamp: "2026-01-01T00:00:02Z"}}
- disconnect: drop
- {delay: 3s, event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
- disconnect: reset
expect:
- connection: 2
  last_event_id: "2"
  after: 200ms..
"""
STEERED = """\
scenario: steered
operation: streamOrderStatus
default: true
heartbeat: 10s
stream:
- {id: 1, data: {status: payment_processing, timestamp: "2026-01-01T00:00:00Z"}}
- await: {signal: paid}
- {id: 2, data: {status: payment_confirmed, timestamp: "2026-01-01T00:00:02Z"}}
- {delay: 3s, id: 3, data: {status: 7}, violates: to be seen}
- hold: forever
---
scenario: other
operation: streamOrderStatus
stream: [{event: complete, data: {status: shipped, trackingNumber: 1Z}}]
"""
TEXTS = "return [...document.querySelectorAll(given[0])].map((e) => e.textContent).filter(Boolean)"
SEEN = "return [...document.querySelectorAll('.mark')].filter((e) => e.title.includes(given[0])).length"
COUNT = "return document.querySelectorAll('*').length"


class Client:
    """A client that opens a stream and reads it in a thread until it ends or is let go."""

    def __init__(self, server, path=ORDER, **headers):
        self.connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", path, headers=names)
        self.response = self.connection.getresponse()
        self.received = b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        CLIENTS.append(self)

    def _read(self):
        try:
            while data := self.response.read1(65536):
                self.received += data
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass  # the script has cut it off, or the test has let it go

    def ended(self):
        """Wait until the connection has ended."""
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.response.close()
        self.connection.close()

    def leave(self):
        """Go away in the middle, if it has not ended."""
        raw = getattr(self.response.fp, "raw", None)
        with contextlib.suppress(OSError, AttributeError):
            (self.connection.sock or raw._sock).shutdown(2)
        self.ended()


CLIENTS: list[Client] = []


@pytest.fixture(autouse=True)
def _left():
    """Let nobody stay behind."""
    yield
    while CLIENTS:
        CLIENTS.pop().leave()


def advance(server, by, session="default"):
    status, _ = ask(server, "POST", f"/_mock/sessions/{session}/clock", {"advance": by})
    assert status == 200


@pytest.fixture
def page(browser, play):
    """Give a function that plays a file of scenarios and opens the timeline, which is then live."""

    def start(scenarios=RESUME, scheme="light", clock="manual", **settings):
        server = play({"shown": scenarios}, clock=clock, **settings)
        look(browser, server, scheme=scheme)
        return server

    return start


def look(browser, server, at="", scheme="light"):
    browser.view(1440, 900, scheme=scheme)
    browser.open("about:blank")
    browser.open(f"{server.url}/_mock/{at}")
    browser.until("return document.querySelector('#state').dataset.state === 'connected'")


def tell(server, prefix=""):
    """Let a client live through RESUME: dropped after 2 s, back after 0.5 s with its last id."""
    session = prefix.removeprefix("/@") or "default"
    first = Client(server, prefix + ORDER)
    advance(server, "2s", session)
    first.ended()
    advance(server, "500ms", session)
    second = Client(server, prefix + ORDER, Last_Event_ID="2")
    advance(server, "3s", session)
    second.ended()


def opened(browser, server, path=ORDER):
    """Open a stream, and wait until its first event is seen."""
    client = Client(server, path)
    browser.until("return document.querySelector('.mark.event')")
    return client


# --- what is seen --------------------------------------------------------------------------------


def test_says_that_nothing_has_connected_and_what_to_try(page, browser, barriers):
    """The line of curl is for the document that is loaded, and what it asks for is answered."""
    server = page()
    browser.until("return document.querySelector('#empty-curl').textContent.includes('http')")
    line = browser.run("return document.querySelector('#empty-curl').textContent")

    browser.until("return document.querySelector('#empty').checkVisibility()")
    target = re.fullmatch(rf"curl -N {server.url}(/v1/orders/\w+/status/stream)", line)[1]
    assert barriers() == []
    Client(server, target)
    browser.until("return !document.querySelector('#empty').checkVisibility()")


def test_shows_a_drop_and_how_the_client_came_back(page, browser, barriers):
    """Two lanes, heads, events, who ended them, the absence and its hint, the arrow, the verdict."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    browser.click("#fit")
    browser.until("return document.querySelector('.arrow')")

    assert browser.run(TEXTS, ".name.lane .fate") == [
        "dropped by the script",
        "reset by the script",
    ]
    assert browser.run(TEXTS, ".name.sub b") == ["streamOrderStatus"]
    assert browser.run(TEXTS, ".strip .head") == ["200", "↻ 2  200"]
    marks = browser.run("return [...document.querySelectorAll('.mark')].map((e) => e.title)")
    assert [mark.split(" at ")[0] for mark in marks] == [
        "event message, id 1", "event message, id 2", "event complete, id 3",
    ]  # fmt: skip
    assert browser.run(TEXTS, ".away, .away-said") == ["away 500 ms · told 300 ms"]
    assert browser.run("return document.querySelectorAll('.hint').length") == 1
    arrow = browser.run("return document.querySelector('.arrow').getAttribute('aria-label')")
    assert arrow == "Resumes after event 2 of connection 1"
    browser.until("return document.querySelector('.name .verdict.passed')")
    browser.until(
        "return document.querySelector('.verdict-line').textContent.includes('1 of 1 met')"
    )
    assert browser.run(TEXTS, ".cover .quiet")[0].startswith("1 of ")
    assert barriers() == []


def test_the_arrow_leads_from_the_event_to_the_connection_that_takes_it_up(page, browser):
    """Its ends are where the event's mark and the head are, to a few pixels."""
    server = page()
    tell(server)
    browser.until("return document.querySelector('.arrow')")
    browser.click("#fit")
    script = """
        const box = (e) => e.getBoundingClientRect()
        const arrow = box(document.querySelector('.arrow .line'))
        const mark = box([...document.querySelectorAll('.mark i')][1])
        const heads = [...document.querySelectorAll('.head')].map(box)
        return Math.abs(arrow.left - mark.left - mark.width / 2) < 4 && arrow.top > mark.top
          && Math.abs(arrow.right - heads[1].right) < 6 && arrow.bottom < heads[1].bottom
    """

    assert browser.until(script)


def test_two_sessions_are_kept_apart(page, browser):
    """Both are listed; one is shown, and its address leads to it again."""
    server = page()
    tell(server)
    tell(server, "/@checkout")
    browser.until("return document.querySelectorAll('#sessions li').length === 2")
    Client(server, "/@checkout/v1/nowhere").ended()

    assert browser.run(TEXTS, "#sessions .session-name") == ["default", "checkout"]
    browser.click("#sessions li:nth-child(2) button")
    browser.until("return document.querySelector('.mark.refused')")
    assert browser.run("return location.hash") == "#session=checkout"
    assert browser.run(TEXTS, "#session-title") == ["Session checkout"]
    look(browser, server, "#session=checkout")
    browser.until("return document.querySelector('.mark.refused')")
    assert browser.run(TEXTS, ".name.sub b") == ["Refused requests", "streamOrderStatus"]
    browser.run("location.hash = 'session=default&streams=1'")
    browser.until("return document.querySelector('#session-title').textContent.endsWith('default')")
    assert browser.run("return document.querySelector('#filter-streams').checked")


def test_a_session_that_comes_takes_no_focus_from_another(page, browser):
    """The list stays as it is around the one that has it."""
    server = page()
    browser.run("document.querySelector('#sessions button').focus()")
    ask(server, "POST", "/_mock/sessions", {"name": "another"})
    browser.until("return document.querySelectorAll('#sessions li').length === 2")
    assert browser.run("return document.activeElement.textContent.startsWith('default')")


def test_the_timeline_says_that_files_have_problems(page, browser, tmp_path):
    """With what is played instead, and where they are shown, until they are mended."""
    server = page()
    file = tmp_path / "scenarios-0" / "shown.yaml"
    file.write_text("operation: streamOrderStatus\nstream: [{dealy: 1s}]\n", encoding="utf-8")
    ask(server, "POST", "/_mock/reload")
    said = browser.until("return document.querySelector('#files:not([hidden])')?.textContent")
    assert said == "Files have 1 problem: what was loaded before is still played. Show them"
    file.write_text(RESUME, encoding="utf-8")
    ask(server, "POST", "/_mock/reload")
    browser.until("return document.querySelector('#files').hidden")


def test_what_is_still_to_come_is_dashed(page, browser):
    """The next events with how long they take yet, and what the story waits for."""
    server = page()
    first = opened(browser, server)
    browser.until("return document.querySelector('.planned.event')")

    assert browser.run(TEXTS, ".planned.event") == ["#2 "]
    assert browser.run(TEXTS, ".wait") == ["2 s"]
    assert browser.run("return document.querySelector('.planned.drop').title").endswith("will drop")
    advance(server, "2s")
    first.ended()
    browser.until("return !document.querySelector('.planned')")


def test_heartbeats_are_seen_as_they_leave(page, browser):
    """A small mark each; the story's wait is named beside them."""
    server = page(STEERED)
    client = opened(browser, server)
    browser.until("return document.querySelector('.span.waiting')")
    advance(server, "20s")
    browser.until("return document.querySelectorAll('.mark.beat').length === 2")

    assert browser.run(TEXTS, ".span.waiting") == ["waits for signal paid"]
    assert browser.run(TEXTS, ".name.lane .fate") == ["waits for signal paid"]
    client.leave()
    browser.until("return document.querySelector('.end.by-client')")
    assert browser.run(TEXTS, ".name.lane .fate") == ["the client left"]


def test_an_event_is_shown_with_its_bytes_its_line_and_its_check(page, browser, barriers):
    """A click on the mark; one that breaks the contract says where."""
    server = page(STEERED)
    client = opened(browser, server)
    advance(server, "1s")
    ask(server, "POST", "/_mock/sessions/default/signals/paid")
    advance(server, "3s")
    browser.until("return document.querySelectorAll('.mark.event').length === 3")
    browser.run("document.querySelector('.mark.event').click()")
    browser.until("return document.querySelector('#detail .bytes')")

    detail = browser.run("return document.querySelector('#detail').innerText")
    assert "fits the document" in detail
    assert 'status: "payment_processing"' in detail
    assert 'id: 1\\n\ndata: {"status":"payment_processing"' in detail
    assert "story" not in detail
    assert browser.run(TEXTS, ".source .here")[0].startswith("6- {id: 1, data")
    assert barriers() == []
    browser.run("document.querySelector('#next').focus()")
    browser.press("Enter")
    browser.until(
        "return document.querySelector('#detail').innerText.includes('payment_confirmed')"
    )
    assert browser.run("return document.activeElement.id") == "next"
    browser.run("[...document.querySelectorAll('.mark.event')].at(-1).click()")
    browser.until("return document.querySelector('#detail .check .bad')")
    assert "breaks the contract" in browser.run(
        "return document.querySelector('#detail').innerText"
    )
    client.leave()


def test_a_connection_is_shown_as_a_table(page, browser, barriers):
    """All that it was told, for whoever cannot see the strip; a row leads to its event."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    browser.click(".name.lane button")
    browser.until("return document.querySelector('table.told')")
    rows = browser.run(
        "return [...document.querySelectorAll('table.told tr')].map((tr) =>"
        " [...tr.children].map((cell) => cell.textContent))"
    )

    assert rows == [
        ["After", "Type", "ID", "Data", "Fits"],
        ["0 s", "retry", "", "", ""],
        ["0 s", "message", "1", rows[2][3], "✓"],
        ["2 s", "message", "2", rows[3][3], "✓"],
    ]
    assert barriers("aside") == []
    browser.click("table.told tbody tr:nth-child(3) button")
    browser.until("return document.querySelector('#detail h2').textContent === 'event message'")


# --- what can be chosen --------------------------------------------------------------------------


def test_filters_leave_what_is_asked_for(page, browser):
    """By operation, by event type, streams alone; the address keeps them."""
    server = page()
    tell(server)
    ask(server, "GET", "/v1/pets")
    browser.until("return document.querySelectorAll('.name.lane').length >= 3")
    choose = """
        const select = document.getElementById(given[0])
        select.value = given[1]
        select.dispatchEvent(new Event('change'))
    """

    browser.run(choose, "filter-operation", "streamOrderStatus")
    browser.until("return document.querySelectorAll('.name.sub').length === 1")
    browser.run(choose, "filter-type", "complete")
    browser.until("return document.querySelectorAll('.name.lane').length === 1")
    assert browser.run(TEXTS, ".name.lane .which") == ["#2"]
    assert browser.run("return location.hash") == "#operation=streamOrderStatus&type=complete"
    browser.run(choose, "filter-type", "")
    browser.run(choose, "filter-operation", "")
    browser.click("#filter-streams")
    browser.until("return document.querySelectorAll('.name.sub').length === 1")


def test_it_follows_or_stands_still(page, browser):
    """Following, time runs under the marks; standing still, nothing moves until it is asked to."""
    server = page()
    client = opened(browser, server)
    left = "return document.querySelector('.mark.event i').getBoundingClientRect().left"
    before = browser.run(left)
    advance(server, "1s")
    browser.until(f"return (() => {{ {left} }})() < given[0] - 10", before)

    browser.click("#follow")
    pressed = "return document.querySelector('#follow').getAttribute('aria-pressed')"
    assert browser.run(pressed) == "false"
    before = browser.run(left)
    advance(server, "1s")
    client.ended()
    browser.until("return document.querySelector('.end')")
    assert browser.run(left) == before
    browser.click("#follow")
    browser.until(f"return (() => {{ {left} }})() < given[0] - 10", before)


def test_everything_is_reached_by_keyboard(page, browser):
    """Down to a connection, along its marks, in and out again; single keys, listed under `?`."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    browser.run("document.querySelector('.name.lane button').focus()")
    label = "return document.activeElement.getAttribute('aria-label')"
    assert browser.run(label).startswith("#1 dropped by the script 2 events, connection 1 of")
    browser.press("ArrowDown")
    assert browser.run(label).startswith("#2 reset by the script 1 event, connection 2 of")
    browser.press("ArrowUp", "ArrowRight")
    assert browser.run(label).startswith("#1 payment_processing, event message, id 1")
    browser.press("End")
    assert browser.run(label).startswith("#2 payment_confirmed, event message, id 2")
    browser.press("Enter")
    browser.until("return document.querySelector('#detail h2')?.textContent === 'event message'")
    browser.press("Escape")
    assert browser.run(label).startswith("#1 dropped by the script 2 events, connection 1 of")
    assert browser.run("return document.querySelector('#detail').textContent") == ""
    browser.press("f")
    assert browser.run("return document.querySelector('#follow').ariaPressed") == "true"
    browser.press("?")
    assert browser.run("return document.querySelector('#keys').open")
    browser.press("Escape")
    reached = browser.run(
        "return document.querySelectorAll('.names button[tabindex=\"0\"]').length"
    )
    assert reached == 1


# --- what the buttons do -------------------------------------------------------------------------

PRESS = "[...document.querySelectorAll('#actions button')].find((e) => e.textContent === given[0]).click()"
PUSHED = '{"status": "shipped", "trackingNumber": "1Z"}'
DONE = "return document.querySelector('#done').textContent.includes(given[0])"


def press(browser, name, said):
    browser.run(PRESS, name)
    browser.until(DONE, said)


def test_the_streams_are_held_released_and_pushed_to(page, browser):
    """To the connection that is selected: the other one gets nothing."""
    server = page(STEERED)
    client = opened(browser, server)
    other = Client(server, ORDER.replace("7", "8"))
    browser.until("return document.querySelectorAll('.mark.event').length === 2")
    browser.click(".name.lane button")
    browser.until("return document.querySelector('#target').textContent.includes('connection 1')")

    press(browser, "Hold", "1 connection held")
    browser.until("return document.querySelector('.span.held')")
    advance(server, "2s")
    press(browser, "Release", "1 connection released")
    browser.run(
        "document.querySelector('#push-box').open = true;"
        "document.querySelector('#push-event').value = 'complete';"
        "document.querySelector('#push-data').value = given[0]",
        PUSHED,
    )
    browser.click("#push")
    browser.until(DONE, "pushed to 1 connection")
    browser.until("return document.querySelector('.mark.pushed')?.title.includes('event complete')")
    browser.run("document.querySelector('.mark.pushed').click()")
    browser.until(
        "return document.querySelector('#detail').textContent.includes('pushed by a test')"
    )
    browser.run(
        "document.querySelector('#push-data').value = 'no JSON';"
        "document.querySelector('#push-violates').value = 'to be seen'"
    )
    browser.click("#push")
    browser.until("return document.querySelector('.mark.pushed.many')")
    for one in (client, other):
        one.leave()
    assert f"event: complete\ndata: {PUSHED}\n\n".encode() in client.received
    assert b"complete" not in other.received


@pytest.mark.parametrize(
    ("name", "said"),
    [("End", "ended by a test"), ("Drop", "dropped by a test"), ("Reset", "reset by a test")],
)
def test_a_connection_is_ended_from_the_page(page, browser, name, said):
    """In each of the three ways, and it says who did it."""
    server = page(STEERED)
    client = opened(browser, server)

    press(browser, name, "1 connection ended")
    client.ended()
    browser.until("return document.querySelector('.end.by-test')")
    assert browser.run(TEXTS, ".name.lane .fate") == [said]


def test_a_signal_is_sent_and_the_clock_is_stepped(page, browser):
    """The signal that the story waits for is offered; a manual clock has buttons."""
    server = page(STEERED)
    client = opened(browser, server)
    browser.until("return document.querySelector('#signals option')?.value === 'paid'")
    browser.run("document.querySelector('#signal').value = 'paid'")

    press(browser, "+1 s", "it is 1 s")
    press(browser, "Send", "1 was waiting")
    browser.until(SEEN + " === 1", "id 2")
    browser.until("return document.querySelector('.span.met')")
    browser.run("document.querySelector('#advance').value = '3s'")
    press(browser, "Step", "it is 4 s")
    browser.until(SEEN + " === 1", "id 3")
    client.leave()


def test_a_scenario_is_pinned_and_let_go(page, browser):
    """The next request gets it; what is wrong with a name is said."""
    server = page(STEERED)
    browser.until("return document.querySelectorAll('#scenarios option').length === 2")
    browser.run("document.querySelector('#pin').value = 'other'")
    press(browser, "Pin", "pinned: other")
    pinned = Client(server)
    pinned.ended()
    assert pinned.received.startswith(b"event: complete\n")
    browser.run("document.querySelector('#pins button').click()")
    browser.until(DONE, "nothing is pinned")
    assert ask(server, "GET", "/_mock/sessions/default")[1]["scenarios"] == []
    browser.run("document.querySelector('#pin').value = 'othr'")
    press(browser, "Pin", "did you mean 'other'?")


def test_a_reset_empties_the_session(page, browser):
    """What it knows is gone here, too."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")

    press(browser, "Reset session", "was reset")
    browser.until("return document.querySelectorAll('.name').length === 0")


def test_send_takes_the_signal_that_is_offered(page, browser):
    """With none offered or typed, or one that no address can hold, the page says so by itself."""
    server = page(STEERED)
    press(browser, "Send", "type a signal")
    browser.run("document.querySelector('#signal').value = '..'")
    press(browser, "Send", "no signal can be called ..")
    browser.run("document.querySelector('#signal').value = ''")
    client = opened(browser, server)
    browser.until("return document.querySelector('#signal').placeholder === 'paid'")

    press(browser, "Send", "signal paid sent, 1 was waiting")
    client.leave()


def test_of_a_session_that_was_deleted_nothing_stays(page, browser):
    """It says so, and offers nothing to be done; it comes back with the next request."""
    server = page()
    tell(server, "/@checkout")
    look(browser, server, "#session=checkout")
    browser.until("return document.querySelector('#actions .verdict-line')")
    assert ask(server, "DELETE", "/_mock/sessions/checkout")[0] in {200, 204}

    browser.until("return document.querySelector('#notice').textContent.includes('was deleted')")
    shown = """
        return [...document.querySelectorAll('#actions button, #actions .verdict-line, #actions .cover')]
          .filter((one) => one.checkVisibility()).length
    """
    browser.until(f"return (() => {{ {shown} }})() === 0")
    Client(server, "/@checkout" + ORDER)
    browser.until(f"return (() => {{ {shown} }})() > 0")
    assert not browser.run("return document.querySelector('#notice').checkVisibility()")


ODD = """\
operation: streamOrderStatus
violates: what may be sent all the same
stream:
- {id: 1, data: '{"big": 12345678901234567890, "f": 1.0, "10": "a", "2": "b"}'}
- {id: 2, delay: 1s, data: "toString\\nconstructor"}
- hold: forever
"""


def test_data_is_shown_as_it_was_sent(page, browser):
    """Numbers, the order of members, and words that every object of JavaScript knows."""
    server = page(ODD)
    client = opened(browser, server)
    advance(server, "1s")
    browser.until("return document.querySelectorAll('.mark.event').length === 2")
    browser.run("document.querySelector('.mark.event').click()")
    browser.until("return document.querySelector('#detail .tree')")
    assert browser.run(TEXTS, "#detail .leaf") == [
        "big: 12345678901234567890", "f: 1.0", '10: "a"', '2: "b"',
    ]  # fmt: skip

    browser.run("[...document.querySelectorAll('.mark.event')].at(-1).click()")
    browser.until("return document.querySelector('#detail .text')")
    wire = browser.run("return document.querySelector('#detail .bytes').textContent")
    assert wire.startswith("id: 2\\n\ndata: toString\\n\ndata: constructor\\n\n")
    client.leave()


def test_over_a_websocket_the_bytes_are_those_of_the_hex(page, browser):
    """The frame's head is told apart from what it carries."""
    page()
    browser.run(
        "window.socket = new WebSocket(location.origin.replace('http', 'ws') + given[0])", ORDER
    )
    browser.until("return document.querySelector('.mark.event')")
    browser.run("document.querySelector('.mark.event').click()")
    browser.until("return document.querySelector('#detail .hex')")

    hexes = browser.run(TEXTS, "#detail details summary")
    size = next(int(text.split()[1]) for text in hexes if text.startswith("Hex"))
    facts = browser.run(TEXTS, "#detail dd")
    assert any(
        re.match(rf"{size}, {size + 2} with the head of its frame, from \d+ in", fact)
        for fact in facts
    )
    browser.run("window.socket.close()")
    browser.until("return document.querySelector('.end')")


def test_entries_that_were_gone_are_added_up_for_every_session(page, browser):
    """Of which they were is not known: the note stays, and says so."""
    server = page(journal=4)
    tell(server)
    tell(server, "/@more")
    look(browser, server)
    browser.until("return document.querySelector('#notice').checkVisibility()")
    said = browser.run(TEXTS, "#notice")
    assert re.match(r"[1-9]\d* entries were gone .* of which sessions they were is not", said[0])
    browser.run("document.querySelector('#sessions li:last-child button').click()")
    assert browser.run(TEXTS, "#notice") == said


def test_large_text_leaves_the_strips_their_room(page, browser):
    """At twice the size of text, the columns stand below one another, and rows and marks grow."""
    server = page()
    client = opened(browser, server)
    browser.view(1200, 900)
    ratio = "return parseFloat(getComputedStyle(document.documentElement).fontSize)"
    assert browser.run(ratio) == 14
    browser.run("document.documentElement.style.fontSize = '175%'")

    browser.until("return document.querySelector('.center').clientWidth > 1000")
    browser.until("return document.querySelector('.strips').clientWidth > 500")
    assert browser.run("return document.querySelector('.board').clientHeight") > 600
    assert browser.run("return document.querySelector('.name.lane').offsetHeight") == 76
    size = "return getComputedStyle(document.querySelector('.mark')).fontSize"
    assert float(browser.run(size).removesuffix("px")) > 20
    tops = """
        const tops = ['.name.lane', '.strip'].map((each) => document.querySelector(each).getBoundingClientRect().top)
        return Math.abs(tops[0] - tops[1]) < 1
    """
    assert browser.run(tops)
    browser.view(1440, 900)
    client.leave()


# --- how it lasts --------------------------------------------------------------------------------


def test_a_server_that_is_started_anew_is_followed_afresh(page, browser, play):
    """On the same port: what was seen is gone, the page says so and goes on by itself."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    server.stop()
    browser.until("return document.querySelector('#state').dataset.state === 'lost'")
    assert browser.run(TEXTS, "#state") == ["the server is away"]
    press(browser, "Hold", "the server does not answer")

    again = play({"shown": RESUME}, clock="manual", port=urlsplit(server.url).port)
    browser.until("return document.querySelector('#notice').textContent.includes('started anew')")
    assert browser.run("return document.querySelectorAll('.name').length") == 0
    tell(again)
    tell(again, "/@more")
    browser.until("return document.querySelectorAll('.end').length === 2")
    assert browser.run(TEXTS, ".name.lane .fate") == [
        "dropped by the script",
        "reset by the script",
    ]


def test_a_page_that_is_opened_again_shows_the_same(page, browser):
    """Nothing is told twice, nothing is missing."""
    server = page()
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    look(browser, server)
    browser.until("return document.querySelectorAll('.end').length === 2")

    assert browser.run("return document.querySelectorAll('.mark').length") == 3


ASKED = "return performance.getEntriesByName(location.origin + given[0]).length"
STREAM = "/_mock/journal/stream?since=0&expand=true"


def test_a_server_without_a_journal_is_not_away(browser, play):
    """The page says which option it is, and asks again when it is looked at, not before."""
    server = play({"shown": RESUME}, journal=0)
    browser.view(1440, 900)
    browser.open(f"{server.url}/_mock/")
    browser.until("return document.querySelector('#state').dataset.state === 'refused'")

    browser.until("return document.querySelector('#empty-said').checkVisibility()")
    assert browser.run(TEXTS, "#empty-said") == [
        "This server keeps no journal (--journal 0); "
        "start it without that option to see connections here"
    ]
    assert browser.run(TEXTS, "#state, #empty-title") == ["no journal", "No journal"]
    assert not browser.run("return document.querySelector('#empty .try').checkVisibility()")
    browser.run("await mock.get('/sessions'); await mock.get('/sessions')")
    assert browser.run(ASKED, STREAM) == 1
    server.stop()
    play({"shown": RESUME}, port=urlsplit(server.url).port)
    browser.run(LOOKED_AT)
    browser.until("return document.querySelector('#empty .try').checkVisibility()")
    assert browser.run(TEXTS, "#state, #empty-title") == ["live", "Nothing has connected yet"]


def test_who_does_not_tell_the_token_reads_that_it_is_needed(browser, play):
    """The server is there: it is not said to be away."""
    server = play({"shown": RESUME}, control_token="s3cret")
    asked_for_its_token(browser, f"{server.url}/_mock/")
    browser.press("Escape")

    browser.until("return document.querySelector('#state').textContent === 'a token is needed'")
    assert browser.run(TEXTS, "#empty-title") == ["A token is needed"]


def test_a_token_of_any_letters_is_asked_for_until_it_is_right(browser, play):
    """A wrong one outside Latin-1 is answered by the question again; a right one is taken."""
    server = play({"shown": RESUME}, control_token="sécret → ✓")
    asked_for_its_token(browser, f"{server.url}/_mock/")
    browser.press("日本", "Enter")
    browser.until(
        "return document.querySelector('#token-said').textContent.startsWith('It was another')"
    )
    browser.until("return document.querySelector('#token-dialog').open")
    browser.press("sécret → ✓", "Enter")
    browser.until("return document.querySelector('#state').dataset.state === 'connected'")


def test_it_is_dark_where_that_is_preferred(page, browser, barriers):
    """Ground and text change places, and everything can still be read."""
    server = page(scheme="dark")
    tell(server)
    browser.until("return document.querySelectorAll('.end').length === 2")
    ground = browser.run("return getComputedStyle(document.documentElement).backgroundColor")

    assert ground == "rgb(20, 23, 26)"
    assert barriers() == []
    browser.view(1440, 900)


CHAT = """\
scenario: chat
operation: createChatCompletion
violates: tokens alone
stream:
- each:
    in: [Once, upon, a, time, there, was, a, server]
    every: 600ms
    as: token
    steps: [{data: {choices: [{delta: {content: "{{ token }}"}}]}}]
- data: "[DONE]"
---
scenario: stock
operation: streamInventory
violates: short
heartbeat: {every: 1s}
stream:
- {event: stock-change, id: 1, data: {sku: A-1}}
- {delay: 2500ms, event: price-change, id: 2, data: {sku: A-1}}
- {delay: 4s, event: stock-change, id: 3, data: {sku: A-1}}
- {delay: 2s, event: price-change, id: 4, data: {sku: A-1}}
---
scenario: order
operation: streamOrderStatus
stream:
- retry: 1500
- {id: 1, data: {status: payment_processing, timestamp: "2026-01-01T00:00:00Z"}}
- {delay: 2s, id: 2, data: {status: payment_confirmed, timestamp: "2026-01-01T00:00:02Z"}}
- delay: 1s
- disconnect: reset
- {delay: 500ms, id: 3, data: {status: preparing_shipment, timestamp: "2026-01-01T00:00:04Z"}}
- await: {signal: shipped}
- {event: complete, id: 4, data: {status: shipped, trackingNumber: 1Z999AA10123456784}}
expect:
- connection: 2
  last_event_id: "2"
  after: 1400ms..2500ms
"""


def test_the_picture_for_the_documentation(page, browser, picture):
    """An order that drops and resumes, a chat token by token, a stream with heartbeats."""
    server = page(CHAT)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    question = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Tell"}]}
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    first = Client(server)
    Client(server, "/v1/inventory/stream")
    advance(server, "1s")
    connection.request("POST", "/v1/chat/completions", json.dumps(question), headers)
    chat = connection.getresponse()
    for step in ("2s", "1600ms"):
        advance(server, step)
    first.ended()
    Client(server, Last_Event_ID="2")
    for _ in range(3):
        advance(server, "1s")
    browser.until("return document.querySelectorAll('.mark.beat').length >= 5")
    browser.view(1440, 640)
    browser.click("#fit")
    browser.until(
        "return document.querySelector('.span.waiting') && document.querySelector('.arrow')"
    )
    browser.run(
        "[...document.querySelectorAll('.mark.event')].find((e) => e.title.includes('id 2 ')).click()"
    )
    browser.until("return document.querySelector('#detail .source .here')")
    browser.until("return document.querySelector('.name .verdict.passed')")
    browser.click(".sessions h2")
    browser.until(
        "return document.querySelector('.arrow') && document.querySelector('.planned.event')"
    )
    picture("timeline.png", browser.screenshot())
    chat.close()
    connection.close()


MANY = """\
operation: streamOrderStatus
stream:
- repeat: {times: 18, every: 100ms, as: n, steps: [{id: "{{ n }}", event: "kind{{ n % 3 }}", data: {n: 1}}]}
"""


def connected(server, numbers):
    """Ask for the streams of these orders to their ends, all over one TCP connection."""
    url = urlsplit(server.url)
    with contextlib.closing(http.client.HTTPConnection(url.hostname, url.port)) as connection:
        for number in numbers:
            connection.request("GET", f"/v1/orders/{number}/status/stream")
            assert b"id: 18" in connection.getresponse().read()


def test_a_thousand_connections_and_eighteen_thousand_events(play, browser):
    """Few elements are there for them, and the page answers to a click and to keys.

    A hundred thousand entries are held against its bounds where no browser is needed.
    """
    server = play({"shown": MANY}, clock="instant", events="off", journal=150_000)
    connected(server, range(1000))
    look(browser, server)
    browser.until(
        "return document.querySelector('#counts').textContent.startsWith('1000 connections')"
    )

    assert browser.run("return document.querySelectorAll('.name.lane').length") < 60
    assert browser.run(COUNT) < 6_000
    browser.run("document.querySelector('#scroll').scrollTop = 20000")
    # It followed to the end before: only what is drawn of the new place is clicked.
    browser.until("return Math.abs(document.querySelector('.name.lane').offsetTop - 20000) < 500")
    browser.run("document.querySelectorAll('.name.lane button')[4].click()")
    browser.until("return document.querySelector('table.told tbody tr')")
    browser.until(
        "const button = document.querySelector('.name.lane.selected button');"
        "button?.focus(); return Boolean(button)"
    )
    browser.press("ArrowDown", "ArrowRight")
    assert browser.run(COUNT) < 8_000
