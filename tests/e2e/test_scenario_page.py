"""The scenario page in a real browser: what is seen, by keyboard, in the dark, when a file breaks."""

import json
import struct
from urllib.parse import urlsplit

import pytest
from control import LOOKED_AT, TOKEN_ASKED, ask, asked_for_its_token

PAGE = "/_mock/pages/scenarios"
RESUME = """\
# A comment before it.
operation: streamOrderStatus
description: The stream drops after `2`, and goes on.
stream:
- retry: 700ms
- {id: 1, data: {status: payment_processing, timestamp: "2026-01-01T00:00:00Z"}}
- delay: 2s
- {id: 2, data: {status: payment_confirmed, timestamp: "2026-01-01T00:00:02Z"}}
- disconnect: drop
- delay: 3s
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
expect:
- connection: 2
  last_event_id: "2"
  after: 600ms..
"""
BEATS = """\
operation: streamLogs
default: true
heartbeat: 10s
stream:
- {data: "<b>no tag</b>"}
- hold: forever
"""
BROKEN = RESUME.replace("- disconnect: drop", "- disconect: drop")
TEXTS = "return [...document.querySelectorAll(given[0])].map((e) => e.textContent)"


@pytest.fixture
def page(browser, play):
    """Give a function that opens the page on these scenarios, and waits until it shows them."""

    def start(at="", scenarios=None, **settings):
        server = play(scenarios or {"resume": RESUME, "beats": BEATS}, **settings)
        browser.view(1400, 900)
        browser.open("about:blank")  # Only another page than the one shown is loaded anew.
        browser.open(f"{server.url}{PAGE}{at}")
        browser.until("return document.querySelector('#scenario h2')")
        return server

    return start


def reload(server):
    """Have the files read anew; returns the status."""
    return ask(server, "POST", "/_mock/reload")[0]


def chosen(browser, name):
    """Wait until a scenario is shown, with its picture."""
    browser.until(
        "return document.querySelector('#scenario-name').textContent === given[0]"
        " && document.querySelector('svg.picture')",
        name,
    )


def test_lists_what_can_be_played(page, browser):
    """Names, operations and descriptions; the filter leaves what has all its words."""
    page()

    assert browser.run(TEXTS, "#names .operations") == ["streamLogs", "streamOrderStatus"]
    assert browser.run(TEXTS, "#names .name") == ["beats default", "resume 2×"]
    assert browser.run(TEXTS, "#names .said")[1] == "The stream drops after 2, and goes on."
    browser.click("#filter")
    browser.press("drops orderst")
    assert browser.run(TEXTS, "#names li:not([hidden]) .name") == ["resume 2×"]
    assert browser.run(TEXTS, "#found") == ["1 of 2"]


def test_draws_what_each_connection_gets(page, browser):
    """A lane for each, its marks in order of time, the client's absence between them."""
    page(at="#resume")
    chosen(browser, "resume")

    assert browser.run(
        "return [...document.querySelectorAll('.lane')].map((lane) =>"
        " [...lane.querySelectorAll('.mark')].map((mark) => mark.classList[1]))"
    ) == [
        ["head", "retry", "event", "event", "drop"],
        ["head", "event", "end"],
    ]
    places = browser.run(
        "return [...document.querySelectorAll('.mark')].map((mark) => mark.getBoundingClientRect().x)"
    )
    assert places == sorted(places)
    assert browser.run(TEXTS, ".picture .away text") == ["waits 700 ms"]
    assert browser.run("return document.querySelector('.picture').ariaLabel") == (
        "Connection 1: 200, 2 events, drop after 2 s. The client comes back after 700 ms. "
        "Connection 2 with Last-Event-ID 2: 200, 1 event, end after 3 s."
    )


def test_tells_in_words_what_the_picture_shows(page, browser):
    """The list below has the same cues; an event opens to its data as JSON and to its bytes."""
    page(at="#resume")
    chosen(browser, "resume")

    rows = browser.run(
        "return [...document.querySelectorAll('.cue')].map((cue) => ['.time', '.kind', '.id']"
        ".map((part) => cue.querySelector(part).textContent))"
    )
    assert rows == [
        ["0 s", "head", ""], ["", "retry", ""], ["", "message", "id 1"],
        ["2 s", "message", "id 2"], ["", "drop", ""],
        ["0 s", "head", ""], ["3 s", "complete", "id 3"], ["", "end", ""],
    ]  # fmt: skip
    browser.run("document.querySelector('#cue-1-1 summary').focus()")
    browser.press("Enter")
    shown = browser.until(
        f"const found = await (async () => {{ {TEXTS} }})(); return found.length && found",
        "#cue-1-1 pre",
    )
    assert json.loads(shown[0]) == {"status": "shipped", "trackingNumber": "1Z"}
    assert shown[1].startswith("event: complete\nid: 3\ndata: {")
    assert browser.run(TEXTS, "#cue-1-1 a") == ["line 11"]
    browser.click("#cue-1-1 a")
    [line] = browser.run(TEXTS, ".source .chosen")
    assert line.startswith("- {event: complete, id: 3,")
    assert browser.run(TEXTS, ".expect li") == [
        'connection 2: last_event_id "2", after 600ms.. line 13'
    ]


def test_shows_how_to_try_it(page, browser):
    """A line of curl that asks this server for this scenario."""
    server = page(at="#resume")
    chosen(browser, "resume")

    [line] = browser.run(TEXTS, ".try pre")
    assert line.startswith("curl -N -H 'Prefer: scenario=resume' " + server.url)


def test_a_mark_leads_to_its_line_in_the_list(page, browser):
    """A click on the picture opens the event that it stands for."""
    page(at="#resume")
    chosen(browser, "resume")
    browser.run(
        "document.querySelector('[data-cue=\"0-2\"]').dispatchEvent(new MouseEvent('click'))"
    )

    assert browser.run("return document.querySelector('#cue-0-2 details').open")
    assert browser.run("return document.activeElement.closest('li').id") == "cue-0-2"


def test_shows_the_source_with_the_lines_of_the_file(page, browser):
    """The numbers are those of an editor, comments before the scenario counted."""
    page(at="#resume")
    chosen(browser, "resume")

    lines = browser.run(
        "return [...document.querySelectorAll('.source li')].map((li) => [li.value, li.textContent])"
    )
    assert lines == [[n, line] for n, line in enumerate(RESUME.splitlines(), 1)]


def test_what_scenarios_say_is_no_html(page, browser):
    """Data stands on the page as it is; heartbeats are told from events."""
    page(at="#beats")
    chosen(browser, "beats")

    assert browser.run(TEXTS, ".cue .words.mono") == ["<b>no tag</b>"]
    assert browser.run(TEXTS, ".cue .kind") == ["head", "message", "hold", "comment"]
    assert browser.run(TEXTS, ".span text") == ["held open"]
    assert (
        browser.run("return document.querySelectorAll('.mark.hold circle, .mark.hold path').length")
        == 0
    )


def test_can_be_used_by_keyboard_alone(page, browser):
    """`/` filters, arrows walk, Enter shows, and the focus is where the scenario begins."""
    page()
    browser.press("/", "s", "ArrowDown", "ArrowDown")
    focused = "return document.activeElement.dataset.name"
    assert browser.run(focused) == "resume"
    browser.press("ArrowUp")
    assert browser.run(focused) == "beats"
    browser.press("Enter")
    chosen(browser, "beats")
    browser.until("return document.activeElement.id === 'scenario-name'")
    assert browser.run("return location.hash") == "#beats"
    assert browser.run("return document.querySelectorAll('#names [tabindex=\"0\"]').length") == 1


def test_the_first_tab_skips_to_the_content(page, browser):
    """And what has the focus is seen to have it."""
    page()
    browser.press("Tab")
    seen = "const style = getComputedStyle(document.activeElement); return [document.activeElement.className, style.outlineStyle]"
    assert browser.run(seen) == ["skip", "solid"]
    browser.press("Enter")
    assert browser.run("return document.activeElement.id") == "main"


def test_a_broken_file_is_shown_in_place_until_it_is_mended(page, browser, tmp_path):
    """With line, excerpt and mend, and what was loaded before; nobody loads the page anew."""
    server = page(at="#resume")
    chosen(browser, "resume")
    browser.until("return document.querySelector('#live').textContent === 'live'")
    browser.run("window.untouched = true; document.querySelector('#cue-0-2 summary').focus()")
    browser.press("Enter")
    file = tmp_path / "scenarios-0" / "resume.yaml"

    file.write_text(BROKEN, encoding="utf-8")
    assert reload(server) == 422
    browser.until("return !document.querySelector('#problems').hidden")
    [problem] = browser.run(TEXTS, "#problems li")
    assert "resume.yaml:9:3" in problem
    assert "mend: did you mean 'disconnect'?" in problem
    assert browser.run(TEXTS, "#problems .excerpt mark") == ["disconect"]
    assert browser.run(TEXTS, "#problems .excerpt .number") == ["9"]
    assert browser.run(TEXTS, "#to-problems") == ["1 problem"]
    assert browser.run(TEXTS, "#names .ill .name") == ["resume 2×problem"]
    assert "still played" in browser.run(TEXTS, "#problems-said")[0]

    file.write_text(RESUME.replace("2s", "4s"), encoding="utf-8")
    assert reload(server) == 200
    browser.until("return document.querySelector('#problems').hidden")
    browser.until("return document.querySelector('#cue-0-3 .time')?.textContent === '4 s'")
    assert browser.run(
        "return [window.untouched, document.querySelector('#to-problems').hidden]"
    ) == [True, True]


def test_a_reload_leaves_the_reader_where_they_are_in_the_list(page, browser, tmp_path):
    """The list is made anew, with one more, and the arrows go on from the same scenario."""
    server = page()
    browser.until("return document.querySelector('#live').textContent === 'live'")
    browser.press("/", "ArrowDown", "ArrowDown")
    (tmp_path / "scenarios-0" / "added.yaml").write_text(
        RESUME.replace("operation", "when: {query: {a: b}}\noperation")
    )
    assert reload(server) == 200

    browser.until("return document.querySelectorAll('#names li').length === 3")
    assert browser.run("return document.activeElement.dataset.name") == "resume"
    browser.press("ArrowUp")
    assert browser.run("return document.activeElement.dataset.name") == "beats"


@pytest.mark.parametrize("name", ["%", "nothing", "%F0"])
def test_a_name_that_is_none_is_said(page, browser, name):
    """Whatever stands behind `#`."""
    page(at=f"#{name}")

    assert browser.run(TEXTS, "#scenario h2") == [name]
    assert browser.run(TEXTS, "#scenario p") == ["There is no scenario of this name."]


def test_comes_back_when_the_server_does(page, browser, play):
    """After a restart on the same port it shows what that one plays."""
    server = page()
    browser.until("return document.querySelector('#live').textContent === 'live'")
    server.stop()
    browser.until("return document.querySelector('#live').textContent.includes('away')")
    play({"other": BEATS}, port=urlsplit(server.url).port)

    browser.until("return document.querySelector('#live').textContent === 'live'")
    browser.until("return document.querySelector('#names .name').textContent === 'other default'")


def test_without_a_journal_it_looks_by_itself(page, browser, play, tmp_path):
    """`--journal 0` has no stream that would tell of a reload; a server with one is followed again."""
    server = page(journal=0)
    browser.until("return document.querySelector('#live').textContent.startsWith('looks')")
    (tmp_path / "scenarios-0" / "new.yaml").write_text(BEATS.replace("default: true", ""))
    assert reload(server) == 200
    browser.until("return document.querySelectorAll('#names li').length === 3")
    server.stop()
    play({"other": BEATS}, port=urlsplit(server.url).port)
    browser.run(LOOKED_AT)
    browser.until("return document.querySelector('#live').textContent === 'live'")
    browser.until("return document.querySelector('#names .name').textContent === 'other default'")


def test_asks_for_the_token_until_it_is_right(browser, play):
    """Once a tab; the page itself and its files come without."""
    server = play({"resume": RESUME}, control_token="s3cret")
    asked_for_its_token(browser, server.url + PAGE)
    browser.press("wrong", "Enter")
    browser.until(
        "return document.querySelector('#token-said').textContent.startsWith('It was another')"
    )
    browser.until(TOKEN_ASKED)
    browser.press("s3cret", "Enter")
    browser.until("return document.querySelector('#names .name')?.textContent === 'resume 2×'")
    browser.until("return document.querySelector('#live').textContent === 'live'")

    browser.open("about:blank")
    browser.open(f"{server.url}{PAGE}")
    browser.until("return document.querySelector('#names .name')")
    assert browser.run(TOKEN_ASKED) is False


def test_who_does_not_tell_the_token_is_not_asked_again(browser, play):
    """The page says what it lacks, and leaves the reader alone."""
    server = play({"resume": RESUME}, control_token="s3cret")
    asked_for_its_token(browser, server.url + PAGE)
    browser.press("Escape")

    browser.until(
        "return document.querySelector('#live').textContent.includes('asks for its token')"
    )
    browser.run("await mock.get('/problems').catch(() => null)")
    assert browser.run(TOKEN_ASKED) is False


def test_a_page_that_is_not_seen_lets_its_connection_go(page, browser, tmp_path):
    """A browser has six for a server. Seen again, it shows what has happened meanwhile."""
    page(at="#resume")
    browser.until("return document.querySelector('#live').textContent === 'live'")
    hide = """
        Object.defineProperty(document, 'hidden', {value: given[0], configurable: true})
        document.dispatchEvent(new Event('visibilitychange'))
    """
    followers = """
        const text = await (await fetch('/_mock/metrics')).text()
        return /^mockserver_journal_followers(?:{.*})? (\\S+)/m.exec(text)[1] === given[0]
    """
    browser.until(followers, "1.0")
    browser.run(hide, True)  # noqa: FBT003
    browser.until(followers, "0.0")
    (tmp_path / "scenarios-0" / "resume.yaml").write_text(RESUME.replace("2s", "4s"))
    browser.run("await fetch('/_mock/reload', {method: 'POST'})")
    assert browser.run(TEXTS, "#cue-0-3 .time") == ["2 s"]

    browser.run(hide, False)  # noqa: FBT003
    browser.until("return document.querySelector('#cue-0-3 .time').textContent === '4 s'")


def test_a_thousand_scenarios_can_be_filtered(page, browser):
    """The list has them all, the tab order one of them."""
    many = {
        f"s{number:04}": BEATS.replace("default: true", f"when: {{query: {{n: '{number}'}}}}")
        for number in range(1000)
    }
    page(scenarios=many)

    assert browser.run("return document.querySelectorAll('#names li').length") == 1000
    browser.click("#filter")
    browser.press("s0777")
    browser.press("Enter")
    chosen(browser, "s0777")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("at", ["#", "#resume", "#beats"])
def test_keeps_nobody_out(page, browser, barriers, tmp_path, at, scheme):
    """Names, roles and contrast by axe-core, with a problem on the page, in light and dark."""
    server = page(at=at)
    browser.view(1400, 900, scheme=scheme)
    (tmp_path / "scenarios-0" / "resume.yaml").write_text(BROKEN, encoding="utf-8")
    assert reload(server) == 422
    browser.until("return !document.querySelector('#problems').hidden")

    assert barriers() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_the_api_keeps_nobody_out(browser, play, barriers, scheme):
    """The same frame, the same colours."""
    server = play({"resume": RESUME})
    browser.view(1400, 900, scheme=scheme)
    browser.open(f"{server.url}/_mock/docs")

    assert barriers() == []


def test_the_dark_is_dark(page, browser):
    """The page follows what the reader prefers."""
    page()
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    light = browser.run(ground)
    browser.view(1400, 900, scheme="dark")

    assert (light, browser.run(ground)) == ("rgb(255, 255, 255)", "rgb(20, 23, 26)")


def test_fits_a_narrow_window(page, browser):
    """One column, and nothing to be scrolled to the side but the picture."""
    page(at="#resume")
    chosen(browser, "resume")
    browser.view(400, 800)

    widths = "const {scrollWidth, clientWidth} = document.documentElement; return scrollWidth - clientWidth"
    assert browser.run(widths) == 0


def test_the_picture_of_the_documentation(petstore, browser, picture):
    """Made by SCREENSHOTS=1, of what ships; else it only has to be there."""
    browser.view(1200, 760)
    browser.open("about:blank")
    browser.open(f"{petstore.url}{PAGE}#reconnect/drop-and-resume")
    chosen(browser, "reconnect/drop-and-resume")
    browser.until("return document.querySelector('#live').textContent === 'live'")
    browser.run(
        "const line = document.querySelector('.try pre');"
        "line.textContent = line.textContent.replace(location.host, 'localhost:8080')"
    )
    png = browser.screenshot()

    assert struct.unpack(">II", png[16:24]) == (1200, 760)
    picture("scenarios.png", png)
