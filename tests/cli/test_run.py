"""`run` as a process: the environment of the command, its exit code, signals, the verdict."""

import os
import pty
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import contextmanager

import pytest
import warm

STORY = """\
operation: streamOrderStatus
default: true
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 2, data: {status: shipped, trackingNumber: "1Z"}}
expect:
- {connection: 2, last_event_id: "1"}
"""
HELD = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- hold: forever
expect:
- closed_by: client
"""
ASK = """\
import os, sys, urllib.request
def ask(last_id=None, session=""):
    url = os.environ["MOCKSERVER_URL"] + session + "/v1/orders/7/status/stream"
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers))
def told(*args, **options):
    with ask(*args, **options) as answer:
        try:
            return answer.read()
        except Exception:
            return b""
def make(name):
    body, head = b'{"name": "%s"}' % name.encode(), {"Content-Type": "application/json"}
    url = os.environ["MOCKSERVER_CONTROL_URL"] + "/sessions"
    urllib.request.urlopen(urllib.request.Request(url, body, head))
"""
TWICE = "told(); told('1')"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with two scenarios in `scenarios/`."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "story.yaml").write_text(STORY)
    (tmp_path / "scenarios" / "held.yaml").write_text(HELD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OPTIONS = ("run", "--scenarios", "scenarios", "--clock", "instant")


def argv_of(*argv):
    """Return the command line of `mockserver run`, on the instant clock."""
    return [sys.executable, "-m", "mockserver", *OPTIONS, *argv]


def run(*argv, pinned="story", **options):
    """Run a command under the server, without a terminal."""
    return warm.run(*OPTIONS, "--scenario", pinned, *argv, **options)


def python(text):
    """Return the words of a client in Python."""
    return ["--", sys.executable, "-c", ASK + text]


ENDS = {
    "all well": (TWICE, 0),
    "the client does not come back": ("told()", 1),
    "the command fails": (f"{TWICE}; sys.exit(7)", 7),
    "both fail": ("told(); sys.exit(7)", 7),
    "killed by a signal": (f"{TWICE}; os.kill(os.getpid(), 9)", 137),
    "another session fails": (f"{TWICE}; told(session='/@other')", 1),
    "one session of two does": (f"{TWICE}; make('other')", 0),
    "only another session is used": ("told(session='/@a'); told('1', session='/@a')", 0),
}


@pytest.mark.parametrize(("text", "code"), ENDS.values(), ids=ENDS)
def test_the_exit_code_is_the_commands_else_the_verdicts(folder, text, code):
    """The command's where it is not 0; else 1 if the verdict on any session failed."""
    done = run(*python(text))

    assert done.returncode == code, done.stderr


def test_what_failed_is_told_on_standard_error(folder):
    """Where it is expected, what was expected, what came; standard output is the command's."""
    done = run(*python("told(); print('mine')"))

    assert done.stdout == "mine\n"
    assert "session default: failed (1 failed)" in done.stderr
    assert "scenarios/story.yaml:8:3: failed: connection 2" in done.stderr
    assert "got:      the client never came back after connection 1" in done.stderr


def test_a_passed_verdict_is_one_line(folder):
    """Nothing else is written, and no connection is logged."""
    assert run(*python(TWICE)).stderr == "mockserver: passed, 1 expectation met\n"


def test_a_server_that_nobody_asks_is_told_of(folder):
    """A command that does not use the address would pass without a word."""
    (folder / "scenarios" / "story.yaml").write_text(STORY.partition("expect:")[0])
    done = run("--", "true")

    assert (done.returncode, "nobody has asked" in done.stderr) == (0, True)


def test_pinned_scenarios_that_nobody_asks_fail(folder):
    """What they expect has not happened."""
    done = run("--", "true")

    assert done.returncode == 1
    assert "no request has been answered by this scenario" in done.stderr


def test_what_no_session_asks_for_is_one_failure(folder):
    """Not one for each session that the command has made."""
    done = run(*python("make('a'); make('b')"))

    assert done.returncode == 1
    assert done.stderr.count("no request has been answered by this scenario") == 1


def test_a_finding_can_be_allowed(folder):
    """By its code; it is allowed in this run only."""
    text = f"{TWICE}\ntry: ask(session='/nowhere')\nexcept OSError: pass"
    free = "--allow", "unexpected-request"
    assert [run(*python(text)).returncode, run(*free, *python(text)).returncode] == [1, 0]


DELETED = """
control = os.environ["MOCKSERVER_CONTROL_URL"] + "/sessions/gone"
urllib.request.urlopen(urllib.request.Request(control, method="DELETE"))
"""
GONE = {
    "did well": ("told(session='/@gone'); told('1', session='/@gone')", 0),
    "did not": ("told(session='/@gone')", 1),
}


@pytest.mark.parametrize(("text", "code"), GONE.values(), ids=GONE)
def test_a_session_that_was_deleted_is_judged_all_the_same(folder, text, code):
    """When it goes; and the default session, which nobody has used, is not judged for it."""
    assert run(*python(text + DELETED)).returncode == code


def test_verbose_logs_connections(folder):
    """As serve does, on standard error."""
    assert "opened session=default" in run("--verbose", *python(TWICE)).stderr


@pytest.mark.parametrize(("text", "failures"), [(TWICE, 0), ("told()", 1)], ids=["well", "not"])
def test_junit_is_written_either_way(folder, text, failures):
    """In a folder that need not be there."""
    run("--junit", "out/report.xml", *python(text))

    suites = ET.parse(folder / "out" / "report.xml").getroot()
    assert sum(int(suite.get("failures")) for suite in suites) == failures
    assert sum(int(suite.get("tests")) for suite in suites) == 1


def test_a_report_of_an_earlier_run_does_not_stay(folder):
    """While the command runs the file is empty."""
    (folder / "report.xml").write_text("<old/>")
    done = run("--junit", "report.xml", "--", "cat", "report.xml")

    assert done.stdout == ""


def test_coverage_that_is_missed_fails(folder):
    """`--min-coverage` holds what the command was sent against the document."""
    done = run("--min-coverage", "operations=100", *python(TWICE))

    assert done.returncode == 1
    assert "operations" in done.stderr


WRONG = {
    "no command": ([], 3, "no-command"),
    "dashes alone": (["--"], 3, "no-command"),
    "no such command": (["--", "no-such-command-here"], 127, "command-not-found"),
    "no such interpreter": (["--", "./lost"], 127, "command-not-found"),
    "not executable": (["--", "./scenarios/story.yaml"], 126, "command-not-executable"),
    "a folder": (["--", "./scenarios"], 126, "command-not-executable"),
    "no first line": (["--", "./bare"], 126, "command-not-executable"),
    "the report is a folder": (
        ["--junit", "scenarios", "--", "touch", "x"],
        3,
        "unwritable-report",
    ),
    "a command without a name": (["--", ""], 127, "command-not-found"),
    "nothing to allow": (["--allow", "nothing", "--", "touch", "x"], 3, "unknown-finding"),
    "no such scenario": (["--scenario", "stroy", "--", "touch", "x"], 3, "unknown-scenario"),
    "no such document": (["--spec", "no.yaml", "--", "touch", "x"], 2, "unreadable-file"),
}


@pytest.mark.parametrize(("argv", "code", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_run_has_an_exit_code_of_its_own(folder, argv, code, said):
    """Before the command is started; what is wrong has a code in the text, too."""
    for name, text in {"lost": "#!/no/such/interpreter\n", "bare": "echo\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = run(*argv)

    assert (done.returncode, f"[{said}]" in done.stderr) == (code, True), done.stderr
    assert not (folder / "x").exists()


def test_options_of_the_command_are_its_own(folder):
    """Also without the dashes, from its first word on."""
    assert run("echo", "--port", "-v", "--", "x").stdout == "--port -v -- x\n"


def test_standard_input_is_the_commands(folder):
    """A megabyte goes through as it is."""
    text = "x" * 1_000_000
    assert run("--", "cat", given=text).stdout == text


def test_the_urls_are_in_the_environment(folder):
    """Without a slash at the end; the rest of the environment is there as well."""
    script = 'echo "$MOCKSERVER_URL $MOCKSERVER_CONTROL_URL $KEPT"'
    done = run("--", "sh", "-c", script, env={**os.environ, "KEPT": "kept"})
    url, control, kept = done.stdout.split()

    assert url.startswith("http://127.0.0.1:")
    assert (control, kept) == (f"{url}/_mock", "kept")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1"])
def test_the_url_can_be_reached_where_all_addresses_are_listened_on(folder, host):
    """It names this machine."""
    assert run("--host", host, *python(TWICE)).returncode == 0


def test_a_client_that_ends_with_an_open_stream_has_closed_it(folder):
    """Its leaving is known before it is judged."""
    done = run(*python("ask().readline()"), pinned="held")

    assert done.stderr == "mockserver: passed, 1 expectation met\n"


def test_a_client_that_stays_is_not_waited_for(folder):
    """What the command leaves behind is judged as it is."""
    script = f'curl -sN "$MOCKSERVER_URL/v1/orders/7/status/stream" & {WAIT_FOR_CLIENT}; echo $!'
    done = run("--verbose", "--", "sh", "-c", f"{script}", pinned="held")
    os.kill(int(done.stdout.split()[-1]), signal.SIGKILL)

    assert done.returncode == 1


WAIT_FOR_CLIENT = (
    "until curl -s $MOCKSERVER_CONTROL_URL/sessions | grep -q default; do sleep 0.05; done"
)


@contextmanager
def running(*argv, session=True, **options):
    """Start a command under the server; yields the process when the command has printed a line."""
    process = subprocess.Popen(
        argv_of(*argv),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=session,
        preexec_fn=as_at_a_terminal,  # noqa: PLW1509  (no threads here)
        **options,
    )
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield process
    finally:
        process.kill()
        process.wait()
        # Not read to their ends: what the command has left behind may hold them open.
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            pipe.close()


def as_at_a_terminal():
    """Let signals do what they do by default: in the background a shell lets some be ignored."""
    for name in ("INT", "QUIT", "HUP", "TERM", "USR1"):
        signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_DFL)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1"])
def test_a_signal_is_the_commands_to_handle(folder, name):
    """It is passed on, waited for, and the exit code is the command's."""
    script = f"trap 'echo got {name}; exit 5' {name}; echo ready; while :; do sleep 0.05; done"
    with running("--", "sh", "-c", script) as process:
        process.send_signal(getattr(signal, f"SIG{name}"))
        output, _ = process.communicate(timeout=30)

    assert (output, process.returncode) == (f"got {name}\n", 5)


def test_a_signal_that_is_ignored_stays_ignored(folder):
    """As nohup wants it, for the command as well."""
    script = "echo ready; kill -HUP $$; kill -HUP $PPID; echo there"
    argv = ["nohup", *argv_of("--", "sh", "-c", script)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.returncode) == ("ready\nthere\n", 0)


def test_what_the_command_has_started_ends_with_it(folder):
    """Where we are told to go: a grandchild that ignores the signal is killed."""
    script = "(trap '' TERM; echo ready; while :; do sleep 0.05; done) & wait"
    with running("--", "sh", "-c", f"{script}") as process:
        process.send_signal(signal.SIGTERM)
        # The pipe is closed when nobody is left who could write to it.
        output, _ = process.communicate(timeout=30)

    assert (output, process.returncode) == ("", 143)


def test_a_command_that_does_not_want_to_end_is_killed(folder):
    """Some seconds after the signal."""
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with running("--", "sh", "-c", script) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert process.returncode == 137


def at_terminal(*argv):
    """Run a command as a shell at a terminal would; returns its pid and the terminal's end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, argv_of(*argv))
    return pid, terminal


def read_until(terminal, wanted):
    """Read from a terminal until it has shown something."""
    shown = b""
    while wanted not in shown:
        shown += os.read(terminal, 1000)
    return shown


def test_the_command_has_the_terminal(folder):
    """It reads what is typed, and Ctrl-C reaches it once, and its exit code is ours."""
    script = (
        "test -t 0 -a -t 1 || exit 9; read line; echo read $line; "
        "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.05; done"
    )
    pid, terminal = at_terminal("--", "sh", "-c", script)
    try:
        os.write(terminal, b"typed\n")
        read_until(terminal, b"ready\r\n")
        os.write(terminal, b"\x03")
        shown = read_until(terminal, b"mockserver: ")
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)

    assert (shown.count(b"interrupted"), os.waitstatus_to_exitcode(status)) == (1, 6)


def test_two_runs_do_not_meet(folder):
    """Each has a port of its own."""
    script = "echo ready; echo $MOCKSERVER_URL; read line"
    pipe = {"stdin": subprocess.PIPE}
    with (
        running("--", "sh", "-c", script, **pipe) as one,
        running("--", "sh", "-c", script, **pipe) as two,
    ):
        assert one.stdout.readline() != two.stdout.readline()
