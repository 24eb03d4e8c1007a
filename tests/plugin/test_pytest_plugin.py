"""The pytest plugin, in test runs of its own."""

from importlib.metadata import entry_points

import openapi_core  # noqa: F401  (what a server imports must outlast the runs in this process)
import pytest

import mockserver.pytest_plugin.judged
import mockserver.server.app  # noqa: F401
from mockserver.pytest_plugin.marks import session_name

pytest_plugins = ["pytester"]

STORY = """\
operation: streamOrderStatus
default: true
stream:
- retry: 3s
- {id: 1, data: {status: "{{ uuid() }}", timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 2, data: {status: shipped, trackingNumber: "1Z"}}
expect:
- {connection: 2, last_event_id: "1", after: 3s..4s}
"""
PLAIN = """\
operation: streamOrderStatus
stream: [{id: 7, data: {status: preparing_shipment, timestamp: "{{ now() }}"}}]
"""
HELD = """\
operation: streamOrderStatus
stream: [{id: 1, data: {status: preparing_shipment, timestamp: "{{ now() }}"}}, {hold: forever}]
expect:
- closed_by: client
"""
CLIENT = """\
import http.client, urllib.request

def open_stream(url, last_id=None):
    headers = {"Last-Event-ID": last_id} if last_id else {}
    request = urllib.request.Request(f"{url}/v1/orders/7/status/stream", headers=headers)
    return urllib.request.urlopen(request, timeout=20)

def read(url, last_id=None):
    with open_stream(url, last_id) as answer:
        try:
            return answer.read()
        except http.client.IncompleteRead as error:
            return error.partial

def behave(session):
    first = read(session.url)
    session.advance("3s")
    return first + read(session.url, "1")

def misbehave(session):
    return read(session.url)

def delete(session):
    target = f"{session.server.url}/_mock/sessions/{session.name}"
    urllib.request.urlopen(urllib.request.Request(target, method="DELETE")).close()
"""
HEAD = """\
import pytest
from client import *
pytestmark = pytest.mark.mockserver(scenarios="scenarios", events="off", clock="manual")
"""


@pytest.fixture
def run(pytester):
    """Run tests, given as their text, in this process; `behave` and `misbehave` are clients."""
    folder = pytester.mkdir("scenarios")
    for name, text in {"story": STORY, "plain": PLAIN, "held": HELD}.items():
        (folder / f"{name}.yaml").write_text(text)
    pytester.makepyfile(client=CLIENT)
    plugin = (
        [] if entry_points(group="pytest11", name="mockserver") else ["mockserver.pytest_plugin"]
    )

    def run(text, *argv, file="test_it", apart=False):
        pytester.makepyfile(**{file: HEAD + text})
        how = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        scope = "asyncio_default_fixture_loop_scope=function"
        options = ("-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "-o", scope)
        return how(*(f"-p{each}" for each in plugin), *options, *argv)

    return run


FORMS = {
    "function": "def test_it(mockserver): {client}(mockserver)",
    "method": "class TestIt:\n    def test_it(self, mockserver): {client}(mockserver)",
    "unittest": "import unittest\nclass TestIt(unittest.TestCase):\n"
    "    @pytest.fixture(autouse=True)\n"
    "    def take(self, mockserver): self.session = mockserver\n"
    "    def test_it(self): {client}(self.session)",
    "async": "async def test_it(mockserver): {client}(mockserver)",
    "async with a loop of aiohttp": "async def test_it(mockserver, aiohttp_client):\n"
    "    import asyncio\n    await asyncio.to_thread({client}, mockserver)",
    "anyio": "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n@pytest.mark.anyio\nasync def test_it(mockserver): {client}(mockserver)",
    "a fixture of a fixture": "@pytest.fixture\ndef session(mockserver): yield mockserver\n"
    "def test_it(session): {client}(session)",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("client", ["behave", "misbehave"])
def test_the_client_is_judged_at_the_end_of_every_kind_of_test(run, form, client):
    """Who does not come back fails the test itself, not its teardown."""
    mode = "strict" if "anyio" in form else "auto"
    done = run(form.format(client=client), "-o", f"asyncio_mode={mode}")

    assert done.parseoutcomes() == {"passed" if client == "behave" else "failed": 1}


def test_a_failed_verdict_reads_like_an_assertion(run):
    """Where it is expected, what was expected, what came; then the journal; no traceback of ours."""
    done = run("def test_it(mockserver): misbehave(mockserver)")

    done.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            "session test_it.test_it: failed (1 failed)",
            "scenarios/story.yaml:9:3: failed: connection 2 *",
            "    expected: a request*",
            "    got:      the client never came back after connection 1*",
            "*- mockserver journal -*",
            "*opened *scenario=story *",
            "FAILED test_it.py::test_it - Failed: session test_it.test_it: failed*",
        ]
    )
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*hookimpl*")


OWN_WAYS = {
    "verdict=False": ("@pytest.mark.mockserver(verdict=False)", "misbehave(mockserver)", "passed"),
    "verify in the test": ("", "misbehave(mockserver); mockserver.verify()", "failed"),
    "verify is caught": (
        "",
        "misbehave(mockserver)\n    with pytest.raises(AssertionError): mockserver.verify()",
        "passed",
    ),
    "verify before the end": ("", "behave(mockserver); mockserver.verify()", "passed"),
    "skipped": ("", "misbehave(mockserver); pytest.skip()", "skipped"),
    "expected to fail": ("@pytest.mark.xfail(strict=True)", "misbehave(mockserver)", "xfailed"),
    "a finding": (
        "",
        "behave(mockserver)\n    with pytest.raises(OSError): read('URL/x')",
        "failed",
    ),
    "a finding that is allowed": (
        "@pytest.mark.mockserver(allow='unexpected-request')",
        "behave(mockserver)\n    with pytest.raises(OSError): read('URL/x')",
        "passed",
    ),
    "a session that the test deletes": ("", "misbehave(mockserver); delete(mockserver)", "failed"),
    "a deleted session of a client that did right": (
        "",
        "behave(mockserver); delete(mockserver)",
        "passed",
    ),
    "a deleted session that nobody judges": (
        "@pytest.mark.mockserver(verdict=False)",
        "misbehave(mockserver); delete(mockserver)",
        "passed",
    ),
    "a pinned scenario that nobody asks": (
        "@pytest.mark.mockserver(scenario='held')",
        "pass",
        "failed",
    ),
    "the nearest marker wins": (
        "@pytest.mark.mockserver(scenario=['held'], verdict=True)\n"
        "@pytest.mark.mockserver(scenario=[], verdict=False)",
        "misbehave(mockserver)",
        "passed",
    ),
}


@pytest.mark.parametrize(("mark", "body", "outcome"), OWN_WAYS.values(), ids=OWN_WAYS)
def test_a_test_has_the_verdict_its_own_way(run, mark, body, outcome):
    """By its markers, or by asking for it; and where it ends otherwise."""
    body = body.replace("'URL/x'", "mockserver.url + '/x'")
    done = run(f"{mark}\ndef test_it(mockserver):\n    {body}")

    assert done.parseoutcomes() == {outcome: 1}


def test_a_test_that_fails_by_itself_shows_the_verdict_besides(run):
    """One failure, no error on top; the verdict is a section of its report."""
    done = run("def test_it(mockserver):\n    misbehave(mockserver)\n    assert 1 == 2")

    assert done.parseoutcomes() == {"failed": 1}
    done.stdout.fnmatch_lines(["E*assert 1 == 2", "*- mockserver verdict -*", "*never came back*"])


UNITTEST = """
import unittest
class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, mockserver): self.session = mockserver
    def test_it(self):
        misbehave(self.session)
        {}
"""


def test_a_unittest_that_fails_by_itself_shows_the_verdict_besides(run):
    """Though unittest keeps the failure to itself until the report is made."""
    done = run(UNITTEST.format("self.assertEqual(1, 2, 'own')"))

    assert done.parseoutcomes() == {"failed": 1}
    done.stdout.fnmatch_lines(["E*own", "*- mockserver verdict -*", "*never came back*"])


def test_a_verdict_that_fails_a_test_is_shown_once(run):
    """It is the failure, and no section besides; pytest's own summary, which repeats failures in CI, is off."""
    done = run(UNITTEST.format("pass"), "-rN")

    assert done.stdout.str().count("never came back") == 1


def test_a_test_that_passes_shows_nothing(run):
    """No sections, no output."""
    done = run("def test_it(mockserver): behave(mockserver)", "-rA")

    done.stdout.no_fnmatch_line("*mockserver journal*")


def test_verify_in_the_test_points_at_its_line(run):
    """The traceback ends in the test; what follows is the verdict."""
    done = run("def test_it(mockserver):\n    misbehave(mockserver)\n    mockserver.verify()")

    done.stdout.fnmatch_lines([">*mockserver.verify()", "E*ExpectationError: session *: failed*"])
    done.stdout.fnmatch_lines(["test_it.py:6: ExpectationError"])
    done.stdout.no_fnmatch_line("*mockserver verdict*")


BAD = {
    "an unknown setting": ("scenaro='x'", "*no setting 'scenaro' [[]bad-marker]*'scenario'*"),
    "an unknown scenario": ("scenario='stroy'", "*'stroy'*unknown-scenario*'story'*"),
    "an unknown clock": ("clock='fast'", "*bad-clock*"),
    "an unknown code": ("allow='nothing'", "*unknown-finding*"),
    "a bad epoch": ("epoch='noon'", "*bad-marker*2026-01-01*"),
    "no keyword": ("'story'", "*takes keywords only*"),
    "scenarios of a wrong kind": ("scenarios=5", "*scenarios cannot be 5 [[]bad-setting]*"),
    "a verdict of a wrong kind": ("verdict='no'", "*'no' as verdict [[]bad-marker]*"),
    "a scenario of a wrong kind": ("scenario=5", "*5 as scenario [[]bad-marker]*"),
    "a name of a wrong kind": ("scenario=['story', None]", "*as scenario [[]bad-marker]*"),
    "codes of a wrong kind": ("allow=5", "*5 as allow [[]bad-marker]*"),
    "a clock of a wrong kind": ("clock=5", "*clock cannot be 5 [[]bad-setting]*"),
    "hosts of a wrong kind": ("allow_calls_to={}", "*allow_calls_to cannot be {} *"),
    "a port that is none": ("port=70000", "*port cannot be 70000 *65535*"),
    "a bound of a wrong kind": ("session_idle='x'", "*session_idle cannot be 'x' *"),
    "an epoch too late": ("epoch='9999-12-31T00:00:00Z'", "*bad-epoch*"),
    "no such folder": ("scenarios='nowhere'", "*no-folder*"),
}


@pytest.mark.parametrize(("marker", "said"), BAD.values(), ids=BAD)
def test_what_a_marker_asks_wrongly_fails_the_setup(run, marker, said):
    """With what is wrong and how to mend it, once, and without a traceback."""
    done = run(f"@pytest.mark.mockserver({marker})\ndef test_it(mockserver): pass")

    assert done.parseoutcomes() == {"errors": 1}
    text = done.stdout.str()
    done.stdout.fnmatch_lines(["the fixture mockserver cannot be had: *"])
    assert "Traceback" not in text
    assert "During handling" not in text
    pytest.LineMatcher([" ".join(text.split())]).fnmatch_lines([said])


def test_tests_share_a_server_and_no_session(run):
    """The same port, another session; what differs in the server's settings has another port."""
    done = run(
        "seen = []\n"
        "@pytest.mark.parametrize('n', range(3))\n"
        "def test_it(mockserver, n):\n"
        "    assert mockserver.journal == []\n"
        "    behave(mockserver)\n"
        "    seen.append((mockserver.server.port, mockserver.url))\n"
        "@pytest.mark.mockserver(requests='off')\n"
        "def test_other(mockserver): seen.append((mockserver.server.port, mockserver.url))\n"
        "def test_seen():\n"
        "    assert [len(set(each)) for each in zip(*seen)] == [2, 4]\n"
    )

    assert done.parseoutcomes() == {"passed": 5}


TWO_CLIENTS = """\
@pytest.mark.parametrize("time", [1, 2])
def test_two_clients(mockserver, time):
    other = mockserver.server.create_session("other", clock="manual", scenarios=["story"])
    read(mockserver.server.url)
    for session in (mockserver, other):
        behave(session)
    other.verify()
    assert len(mockserver.server.session("default").journal) == 3
"""


def test_other_sessions_of_a_test_go_with_it(run):
    """Made, or used by their base URL: the next test begins anew, with the same names."""
    assert run(TWO_CLIENTS).parseoutcomes() == {"passed": 2}


def test_a_test_may_ask_for_https(run):
    """With the file by which its client trusts the server."""
    done = run(
        "import ssl, urllib.request\n"
        "@pytest.mark.mockserver(tls='self-signed', verdict=False)\n"
        "def test_it(mockserver):\n"
        "    context = ssl.create_default_context(cafile=mockserver.server.ca_file)\n"
        "    control = mockserver.server.url + '/_mock/health'\n"
        "    assert control.startswith('https://')\n"
        "    assert mockserver.url.startswith('https://')\n"
        "    with urllib.request.urlopen(control, context=context) as answer:\n"
        "        assert answer.status == 200\n"
        "@pytest.mark.mockserver(tls=('only.pem',  1))\n"
        "def test_wrong(mockserver): pass\n"
    )

    assert done.parseoutcomes() == {"passed": 1, "errors": 1}
    done.stdout.fnmatch_lines(["*tls cannot be*bad-setting*"])


def test_markers_of_class_and_function_combine(run):
    """The inner one wins, setting by setting."""
    done = run(
        "@pytest.mark.mockserver(clock='instant', seed='a', scenario='story')\n"
        "class TestIt:\n"
        "    first = read_of = None\n"
        "    def test_outer(self, mockserver):\n"
        "        TestIt.first = read(mockserver.url); read(mockserver.url, '1')\n"
        "        assert len(TestIt.first) > 0\n"
        "    @pytest.mark.mockserver(seed='b', verdict=False)\n"
        "    def test_inner(self, mockserver): assert read(mockserver.url) != TestIt.first\n"
        "    @pytest.mark.mockserver(pinned=['plain'])\n"
        "    def test_pinned(self, mockserver): assert b'id: 7' in read(mockserver.url)\n",
    )

    assert done.parseoutcomes() == {"passed": 3}


def test_bytes_do_not_depend_on_the_name_of_the_test(run):
    """Nor on how often it has run: chance is drawn from the seed."""
    done = run(
        "seen = set()\n"
        "@pytest.mark.parametrize('n', [1, 'ä/ö', '?#%'])\n"
        "def test_it(mockserver, n):\n"
        "    seen.add(behave(mockserver))\n"
        "    assert len(seen) == 1\n"
        "@pytest.mark.mockserver(seed=8, epoch='2030-01-01T00:00:00Z')\n"
        "def test_seed(mockserver):\n"
        "    text = behave(mockserver)\n"
        "    assert b'2030-01-01T00:00:00Z' in text and text not in seen\n"
    )

    assert done.parseoutcomes() == {"passed": 4}


def test_a_client_that_leaves_at_the_end_has_left(run):
    """Its leaving is known before it is judged; one that stays has not left."""
    done = run(
        "pytestmark = [pytestmark, pytest.mark.mockserver(scenario='held')]\n"
        "kept = []\n"
        "def test_leaves(mockserver):\n"
        "    with open_stream(mockserver.url) as answer: answer.readline()\n"
        "def test_stays(mockserver):\n"
        "    kept.append(open_stream(mockserver.url))\n"
        "    kept[0].readline()\n"
        "def test_after(mockserver):\n"
        "    assert kept[0].read().endswith(b'\\n\\n')\n"
        "    with open_stream(mockserver.url) as answer: answer.readline()\n"
    )

    assert done.parseoutcomes() == {"passed": 2, "failed": 1}
    done.stdout.fnmatch_lines(["FAILED test_it.py::test_stays*"])


def test_an_edited_scenario_is_read_anew(run):
    """A server of an earlier test does not hide what a test has written."""
    done = run(
        "import pathlib\n"
        "story = pathlib.Path('scenarios/story.yaml')\n"
        "def test_one(mockserver): behave(mockserver)\n"
        "def test_two(request):\n"
        "    story.write_text(story.read_text().replace('shipped', 'on_the_moon'))\n"
        "    assert b'on_the_moon' in behave(request.getfixturevalue('mockserver'))\n"
    )

    assert done.parseoutcomes() == {"passed": 2}


REFERRED = """\
openapi: 3.0.3
info: {title: it, version: "1"}
paths:
  /a:
    get:
      operationId: a
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "x.json"}}}}
"""
EDITED = {
    "the body of an answer": (
        "scenarios='parts', requests='off'",
        "parts/b.json",
        '{"of": 1}',
        '{"of": 2}',
        "/v1/orders/7",
    ),
    "what the document refers to": (
        "spec='parts/api.yaml', scenarios=[]",
        "parts/x.json",
        '{"example": 1}',
        '{"example": 2}',
        "/a",
    ),
    "a scenario that comes": (
        "scenarios='parts', requests='off'",
        "parts/0.yml",
        None,
        "{operation: getOrder, default: true, response: {body: 2}}",
        "/v1/orders/7",
    ),
    "a document that was missing": (
        "spec='parts/x.yaml', scenarios=[]",
        "parts/x.yaml",
        None,
        REFERRED,
        "/a",
    ),
    "a scenario that was wrong": (
        "scenarios='parts/b.yaml', requests='off'",
        "parts/b.yaml",
        "operatoin: getOrder",
        "{operation: getOrder, response: {body: 2}}",
        "/v1/orders/7",
    ),
}


@pytest.mark.parametrize(("marker", "file", "old", "new", "path"), EDITED.values(), ids=EDITED)
def test_an_edit_of_anything_that_was_read_is_seen(run, pytester, marker, file, old, new, path):
    """Files of answers and of documents in parts, those that come, and those that are mended."""
    parts = pytester.mkdir("parts")
    (parts / "x.json").write_text('{"example": 2}')
    (parts / "b.json").write_text("1")
    if "spec" in marker:
        (parts / "api.yaml").write_text(REFERRED)
    else:
        (parts / "a.yaml").write_text("{operation: getOrder, response: {body: {file: b.json}}}")
    if old is not None:
        (pytester.path / file).write_text(old)
    done = run(
        "import pathlib, urllib.request\n"
        "def content(request):\n"
        f"    url = request.getfixturevalue('mockserver').url + {path!r}\n"
        "    return urllib.request.urlopen(url).read()\n"
        f"pytestmark = pytest.mark.mockserver({marker}, events='off', verdict=False)\n"
        "@pytest.mark.xfail(raises=BaseException)\n"
        "def test_one(request): assert b'2' in content(request)\n"
        "def test_two(request):\n"
        f"    pathlib.Path({file!r}).write_text({new!r})\n"
        "    assert b'2' in content(request)\n"
    )

    assert done.parseoutcomes() == {"xfailed": 1, "passed": 1}


def test_defaults_come_from_the_project(run, pytester):
    """The ini file, over it the command line; a marker's document has none of them."""
    pytester.makeini("[pytest]\nmockserver_scenarios = scenarios\n")
    other = pytester.mkdir("other")
    (other / "story.yaml").write_text(STORY.replace("id: 1", "id: 100").replace('"1"', '"100"'))
    text = (
        "pytestmark = pytest.mark.mockserver(clock='instant', events='off', verdict=False)\n"
        "def test_it(mockserver): assert b'id: 1\\n' in read(mockserver.url)\n"
    )

    assert run(text).parseoutcomes() == {"passed": 1}
    assert run(text, "--mockserver-scenarios=other").parseoutcomes() == {"failed": 1}
    assert run(text, "--mockserver-spec=nowhere.yaml").parseoutcomes() == {"errors": 1}


def test_it_works_with_xdist(run):
    """Each worker has its own server; what fails is shown as ever."""
    done = run(
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test_it(mockserver, n): behave(mockserver)\n"
        "def test_bad(mockserver): misbehave(mockserver)\n",
        "-n2",
        apart=True,
    )

    assert done.parseoutcomes() == {"passed": 4, "failed": 1}
    done.stdout.fnmatch_lines(["*never came back*", "*- mockserver journal -*"])


def test_a_run_that_stops_early_ends(run):
    """`-x`, with a stream open and the servers running."""
    done = run(
        "kept = []\n"
        "def test_bad(mockserver):\n"
        "    kept.append(open_stream(mockserver.url))\n"
        "    assert 0\n"
        "def test_never(mockserver): behave(mockserver)\n",
        "-x",
        apart=True,
    )

    assert done.parseoutcomes() == {"failed": 1}


def test_a_setup_that_fails_is_an_error_of_its_own(run):
    """The session is ended, and nothing is judged."""
    done = run(
        "@pytest.fixture\ndef broken(mockserver): raise OSError('no')\n"
        "def test_it(broken): pass\n"
        "def test_after(mockserver): behave(mockserver)\n"
    )

    assert done.parseoutcomes() == {"errors": 1, "passed": 1}


NAMES = {
    "test_a.py::test_b": "test_a.test_b",
    "tests/x/test_a.py::TestC::test_b": "test_a.TestC.test_b",
    "test_a.py::test_b[1-x]": "test_a.test_b-1-x",
    "test_a.py::test_b[ä/ö]": "test_a.test_b-a-o-",
    "test_a.py::test_b[a b]": "test_a.test_b-a-b-",
    "test_a.py::test_b[\ud800]": "test_a.test_b-",
    "???": "test-",
    f"test_a.py::{'x' * 200}": f"test_a.{'x' * 73}-",
}


@pytest.mark.parametrize(("node_id", "name"), NAMES.items())
def test_a_session_is_named_for_its_test(node_id, name):
    """Safe in a URL, the same in every run; what does not fit is made up for by a sum."""
    found = session_name(node_id)
    own, dash, check = found.rpartition("-")

    assert found == name or (own + dash == name and len(check) == 8)
    assert len(found) <= 90


def test_names_that_look_alike_differ():
    """Two ids of which the same is left have different sums."""
    assert (
        session_name("a.py::t[ä]")
        != session_name("a.py::t[a\u0301]")
        != session_name("a.py::t[a/]")
    )


@pytest.mark.parametrize("uses", ["", "mockserver"])
def test_a_run_that_does_not_use_it_pays_nothing(pytester, monkeypatch, uses):
    """Neither the server nor aiohttp is imported."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        f"import sys\ndef test_it({uses}):\n"
        "    found = {'aiohttp', 'yaml', 'mockserver.runner'} & set(sys.modules)\n"
        f"    assert len(found) == {3 if uses else 0}\n"
    )
    done = pytester.runpytest_subprocess("-p", "mockserver.pytest_plugin")

    assert done.parseoutcomes() == {"passed": 1}
