"""`mockserver explain`: what it prints, for people and machines, and the exit code."""

import json

import pytest
from commands import HEARD, STORY, run

from mockserver.cli import main


def test_explain_shows_every_connection(folder, capsys):
    """Offsets, blocks and ends of each connection, as a conforming client would live them."""
    code, out, _ = run(capsys, "explain", "story", "--scenarios", "scenarios")
    assert (code, out) == (
        0,
        """\
scenario story
streamOrderStatus: GET /v1/orders/id/status/stream

connection 1
            200 OK
            Content-Type: text/event-stream
            Cache-Control: no-cache, no-transform
            X-Accel-Buffering: no
        0s  id: 1
            data: {"status":"payment_processing","timestamp":"2026-01-01T00:00:00Z"}
      1.5s  id: 2
            data: {"status":"payment_confirmed","timestamp":"2026-01-01T00:00:01.500Z"}
      1.5s  drop

connection 2, Last-Event-ID: 2
            200 OK
            Content-Type: text/event-stream
            Cache-Control: no-cache, no-transform
            X-Accel-Buffering: no
        0s  event: complete
            id: 3
            data: {"status":"shipped","trackingNumber":"1Z"}
        0s  end

afterwards: stop
""",
    )


def test_explain_can_be_narrowed_down(folder, capsys):
    """One connection, one Last-Event-ID, as JSON with offsets and byte positions."""
    argv = ["explain", "story", "--scenarios", "scenarios", "--json"]
    _, out, _ = run(capsys, *argv, "--last-event-id", "1")
    (lane,) = json.loads(out)
    assert [(cue["cue"], cue["offset"], cue.get("at_byte")) for cue in lane["cues"]] == [
        ("send", 1.5, 0),
        ("drop", 1.5, None),
    ]
    _, out, _ = run(capsys, *argv, "--connection", "2")
    assert [lane["connection"] for lane in json.loads(out)] == [2]


def test_explain_takes_a_request(folder, capsys):
    """`--request` gives method, path, query and body to the templates."""
    (folder / "scenarios" / "echo.yaml").write_text(
        "operation: createChatCompletion\n"
        "stream: [{data: '{{ request.body.model }} {{ request.query.q }}'}]\n"
    )
    argv = ["explain", "echo", "--scenarios", "scenarios", "--request"]
    _, out, _ = run(capsys, *argv, 'POST /v1/chat/completions?q=1 {"model": "m"}')
    assert "data: m 1\n" in out
    code, _, err = run(capsys, *argv, "GET /v1/nowhere")
    assert (code, err.splitlines()[0]) == (3, "no operation fits GET /v1/nowhere [no-operation]")


def test_explain_names_the_scenarios_there_are(folder, capsys):
    """An unknown name gets the nearest known one."""
    code, _, err = run(capsys, "explain", "stroy", "--scenarios", "scenarios")
    assert (code, err) == (
        3,
        "there is no scenario 'stroy' [unknown-scenario]\n  mend: did you mean 'story'?\n",
    )


def test_explain_shows_what_an_unknown_id_is_answered(folder, capsys):
    """`resume: {unknown: 400}` is what the server would say."""
    (folder / "scenarios" / "story.yaml").write_text(STORY + "resume: {unknown: 400}\n")
    argv = ["explain", "story", "--scenarios", "scenarios", "--last-event-id", "99"]
    assert "            400 Bad Request\n" in run(capsys, *argv)[1]


def test_explain_refuses_what_the_story_does_not_have(folder, capsys):
    """A connection past the end, a request for another operation."""
    argv = ["explain", "story", "--scenarios", "scenarios"]
    assert run(capsys, *argv, "--connection", "9") == (
        3,
        "",
        "the story has no connection 9 [no-connection]\n"
        "  mend: it has 2 before what comes afterwards\n",
    )
    code, _, err = run(capsys, *argv, "--request", "GET /v1/news/stream")
    assert (code, err.splitlines()[0]) == (
        3,
        "'story' does not answer streamNews [unknown-scenario]",
    )


def test_explain_shows_what_a_conforming_client_dispatches(folder, capsys):
    """Behind the cues of each connection, with the states and why."""
    (folder / "scenarios" / "heard.yaml").write_text(HEARD)
    code, out, _ = run(
        capsys, "explain", "heard", "--scenarios", "scenarios", "--dispatched", "--connection", "1"
    )

    assert code == 0
    assert [line.strip() for line in out.splitlines() if "→" in line] == [
        "→ message (id 1): two\\nlines",
        "→ connecting (request 1)",
        "→ open (status 200)",
        "→ connecting (network error)",
    ]


def test_explain_tells_it_to_machines_too(folder, capsys):
    """With the names of the DOM; without --dispatched there is nothing of it."""
    (folder / "scenarios" / "heard.yaml").write_text(HEARD)
    command = ["explain", "heard", "--scenarios", "scenarios", "--json"]
    _, told, _ = run(capsys, *command, "--dispatched")
    _, silent, _ = run(capsys, *command)

    second = json.loads(told)[1]
    assert [(e["type"], e["data"], e["lastEventId"]) for e in second["dispatched"]] == [
        ("message", "lost", "2"),
        ("complete", "x", "3"),
    ]
    assert [state["why"] for state in second["states"]][-1] == "the body ended"
    assert "dispatched" not in json.loads(silent)[1]


AWAITING = """
operation: streamOrderStatus
stream:
- await: {signal: paid}
- delay: 1s
- await: {request: payOrder}
  timeout: 2s
  otherwise: [{comment: late}]
- comment: end
"""


def test_explain_shows_awaits_met_or_in_vain(folder, capsys):
    """One without a timeout is met in both."""
    (folder / "scenarios" / "awaiting.yaml").write_text(AWAITING)
    command = ("explain", "awaiting", "--scenarios", "scenarios")
    _, met, _ = run(capsys, *command)
    _, vain, _ = run(capsys, *command, "--timeouts")
    _, told, _ = run(capsys, *command, "--timeouts", "--json")

    def shown(out):
        return [line.strip() for line in out.splitlines() if line[:11].strip()[-1:] == "s"]

    assert shown(met) == [
        "0s  await signal paid", "1s  await request payOrder for 2s", "1s  : end", "1s  end",
    ]  # fmt: skip
    assert shown(vain) == [
        "0s  await signal paid", "1s  await request payOrder in vain for 2s", "3s  : late",
        "3s  : end", "3s  end",
    ]  # fmt: skip
    cues = [cue for cue in json.loads(told)[0]["cues"] if cue["cue"] == "await"]
    assert cues == [
        {"offset": 0.0, "cue": "await", "name": "signal paid", "timeout": None, "met": True,
         "until": 0.0},
        {"offset": 1.0, "cue": "await", "name": "request payOrder", "timeout": 2.0, "met": False,
         "until": 3.0},
    ]  # fmt: skip


def test_explain_takes_headers(folder, capsys):
    """What depends on them is shown as such a request gets it."""
    (folder / "scenarios" / "coded.yaml").write_text("wire: {encoding: gzip}\n" + STORY)
    command = ["explain", "coded", "--scenarios", "scenarios", "-H", "Accept-Encoding: gzip"]
    code, out, _ = run(capsys, *command, "-H", "Last-Event-ID: 2", "--connection", "1")

    assert code == 0
    assert "Content-Encoding: gzip" in out
    assert "connection 1, Last-Event-ID: 2" in out


def test_explain_refuses_what_is_no_header(capsys):
    """Before anything is loaded."""
    with pytest.raises(SystemExit) as error:
        main(["explain", "x", "--header", "nonsense"])

    assert error.value.code == 3
    assert "'nonsense' is no header" in capsys.readouterr().err
