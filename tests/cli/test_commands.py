"""Commands as a user types them: what they print, and the exit code."""

import json
import socket

import pytest

from mockserver.cli import main

STORY = """\
operation: streamOrderStatus
description: Drops once.
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- delay: 1500ms
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: "1Z"}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with one scenario in `scenarios/`."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "story.yaml").write_text(STORY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *argv):
    """Run a command in this process; returns exit code, output and errors."""
    code = main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_shows_what_answers_what(folder, capsys):
    """A row for every operation, with its scenarios; 0 where nothing is wrong."""
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")
    row = next(line for line in out.splitlines() if line.startswith("streamOrderStatus"))
    assert row.split() == [
        "streamOrderStatus",
        "GET",
        "/orders/{id}/status/stream",
        "stream",
        "story",
    ]
    assert (code, out.splitlines()[-1]) == (0, "0 errors, 0 warnings")


def test_check_reports_all_problems_of_all_files(folder, capsys):
    """One broken file hides no other; each problem has its place, its line and a mend."""
    (folder / "scenarios" / "a.yaml").write_text("operation: nope\nstream: [{dealy: 1s}]\n")
    (folder / "scenarios" / "b.yaml").write_text("operation: [\n")
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")
    assert code == 2
    assert out.startswith(
        "scenarios/a.yaml:2:11: unknown key 'dealy' in a step [unknown-key]\n"
        "  stream: [{dealy: 1s}]\n"
        "            ^^^^^\n"
        "  mend: did you mean 'delay'?\n\n"
        "scenarios/b.yaml:2:1: not YAML: did not find expected node content"
    )


def test_check_annotates_a_workflow_run(folder, capsys):
    """`--format github` prints workflow commands with file, line and column."""
    (folder / "scenarios" / "a.yaml").write_text("operation: getOrder\nresponse: {stauts: 200}\n")
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios", "--format", "github")
    assert code == 2
    assert out.splitlines()[0] == (
        "::error file=scenarios/a.yaml,line=2,col=12,title=unknown-key::"
        "unknown key 'stauts' in a response%0Amend: did you mean 'status'?"
    )


BROKEN = STORY.replace("status: payment_confirmed", "status: lost")


def test_check_holds_events_against_the_document(folder, capsys):
    """An event that the Petstore does not allow is an error there."""
    (folder / "scenarios" / "story.yaml").write_text(BROKEN)
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")
    assert code == 2
    assert out.splitlines()[0].startswith(
        "scenarios/story.yaml:6:3: this event breaks the contract: data.status: "
    )


def test_check_takes_a_break_on_purpose(folder, capsys):
    """`violates` says that an event breaks the contract; it must then really do so."""
    on_purpose = BROKEN.replace("{id: 2,", "{violates: an unknown status, id: 2,")
    (folder / "scenarios" / "story.yaml").write_text(on_purpose)
    assert run(capsys, "check", "--scenarios", "scenarios")[0] == 0
    (folder / "scenarios" / "story.yaml").write_text(
        on_purpose.replace("lost", "payment_confirmed")
    )
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")
    assert (code, out.splitlines()[0]) == (
        2,
        "scenarios/story.yaml:6:3: this says that it violates the contract, and does not "
        "[no-violation]",
    )


OTHER = """\
openapi: 3.2.0
info: {title: T, version: "1"}
paths:
  /feed:
    get:
      operationId: feed
      responses:
        "200":
          description: events
          content:
            text/event-stream:
              itemSchema:
                properties:
                  data: {contentMediaType: application/json, contentSchema: {type: object}}
"""


def test_events_of_other_peoples_documents_are_warnings(folder, capsys):
    """Large vendors' streams do not fit their own documents: only --strict makes errors of them."""
    (folder / "api.yaml").write_text(OTHER)
    (folder / "scenarios" / "story.yaml").write_text("operation: feed\nstream: [{data: [1]}]\n")
    argv = ["check", "--spec", "api.yaml", "--scenarios", "scenarios"]
    code, out, _ = run(capsys, *argv)
    assert (code, "warning: this event breaks the contract" in out) == (0, True)
    assert run(capsys, *argv, "--strict")[0] == 2


def test_settings_say_what_a_document_leaves_open(folder, capsys):
    """A sentinel named in the settings is no event that breaks the contract."""
    (folder / "api.yaml").write_text(OTHER)
    (folder / "settings.yaml").write_text('streams: {feed: {sentinel: "[DONE]"}}\n')
    (folder / "scenarios" / "story.yaml").write_text(
        "operation: feed\nstream: [{data: '[DONE]'}]\n"
    )
    argv = ["check", "--strict", "--spec", "api.yaml", "--scenarios", "scenarios"]
    assert run(capsys, *argv)[0] == 2
    assert run(capsys, *argv, "--settings", "settings.yaml")[0] == 0


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


def test_schema_is_json_schema(capsys):
    """`schema` prints the language for editors."""
    code, out, _ = run(capsys, "schema")
    assert (code, json.loads(out)["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")


DOCUMENTS = {
    "missing": (
        None,
        "api.yaml: the OpenAPI document cannot be read: No such file or directory "
        "[unreadable-file]\n  mend: name an OpenAPI document with --spec\n",
    ),
    "not YAML": (
        "a: [1\n",
        "api.yaml:2:1: not YAML: did not find expected ',' or ']' (while parsing a flow sequence) "
        "[yaml-syntax]\n  mend: check the quotes, brackets and indentation up to here\n",
    ),
    "not OpenAPI": (
        "hello: world\n",
        "api.yaml: this is not an OpenAPI document: it has no key 'openapi' [not-openapi]\n",
    ),
    "Swagger": (
        'swagger: "2.0"\npaths: {}\n',
        "api.yaml: this is a Swagger 2.0 document, but OpenAPI 3.0, 3.1 or 3.2 is needed "
        "[not-openapi]\n  mend: convert it, for example with `npx swagger2openapi`\n",
    ),
    "broken $ref": (
        OTHER.replace(
            "operationId: feed", "operationId: feed\n      parameters: [{$ref: '#/components/x'}]"
        ),
        "api.yaml:7:27: $ref '#/components/x' resolves to nothing [broken-ref]\n"
        "  parameters: [{$ref: '#/components/x'}]\n                      ^^^^^^^^^^^^^^^^\n",
    ),
    "an alias inside of what it names": (
        OTHER + "x: &a {b: *a}\n",
        "api.yaml:15:11: alias *a stands inside what it names [cyclic-alias]\n",
    ),
    "aliases without bound": (
        OTHER
        + "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "api.yaml:1:1: more than 5,000,000 nodes once aliases are written out [too-many-nodes]\n",
    ),
    "cyclic $ref": (
        OTHER
        + "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}\n",
        "api.yaml:15:34: $ref '#/components/schemas/B' leads back to itself [cyclic-ref]\n",
    ),
}


@pytest.mark.parametrize(("text", "message"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_cannot_be_served_is_refused(folder, capsys, text, message):
    """Exit 2, with the place in the file, what is wrong and how to mend it."""
    if text is not None:
        (folder / "api.yaml").write_text(text)
    code, _, err = run(capsys, "serve", "--spec", "api.yaml", "--port", "0")
    assert (code, err[: len(message)]) == (2, message)


def test_serve_refuses_to_start_on_errors(folder, capsys):
    """Exit 2 and every problem; `--keep-going` is for the impatient."""
    (folder / "scenarios" / "bad.yaml").write_text("operation: getOrder\n")
    code, out, err = run(capsys, "serve", "--scenarios", "scenarios", "--port", "0")
    assert (code, out) == (2, "")
    assert err == (
        "scenarios/bad.yaml:1:1: the scenario says nothing [no-story]\n"
        "  operation: getOrder\n"
        "  ^\n"
        "  mend: add stream, connections or response\n"
        "\n1 problem\n"
    )


def test_a_port_in_use_is_the_operators_affair(folder, capsys):
    """Exit 3, and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run(capsys, "serve", "--scenarios", "scenarios", "--port", str(port))
    assert (code, out, err) == (
        3,
        "",
        f"port {port} on 127.0.0.1 is in use [port-in-use]\n"
        "  mend: stop what listens there, or choose another with --port (0: any)\n",
    )


OPERATORS = {
    "no folder": (
        ["--scenarios", "nowhere"],
        "the scenario folder nowhere does not exist [no-folder]\n"
        "  mend: name a folder or file with --scenarios\n",
    ),
    "no such scenario to pin": (
        ["--scenarios", "scenarios", "--scenario", "stroy"],
        "there is no scenario 'stroy' to pin [unknown-scenario]\n  mend: did you mean 'story'?\n",
    ),
    "bad host": (
        ["--scenarios", "scenarios", "--host", "256.0.0.1"],
        "cannot listen on 256.0.0.1:0: ",
    ),
    "bad clock": (["--clock", "slow"], "there is no clock 'slow' [bad-clock]\n"),
}


@pytest.mark.parametrize(("argv", "message"), OPERATORS.values(), ids=OPERATORS)
def test_what_the_operator_got_wrong_exits_3(folder, capsys, argv, message):
    """One message, what would help, exit code 3."""
    code, _, err = run(capsys, "serve", "--port", "0", *argv)
    assert (code, err[: len(message)]) == (3, message)


def test_a_key_that_stands_twice_in_the_document_is_a_warning(folder, capsys):
    """JSON and YAML readers keep the last of two keys, and say nothing."""
    (folder / "api.yaml").write_text(
        OTHER.replace("      operationId: feed\n", "      operationId: feed\n" * 2)
    )
    code, out, _ = run(capsys, "check", "--spec", "api.yaml")
    assert (code, out.splitlines()[0]) == (
        0,
        "api.yaml:7:7: warning: key 'operationId' stands here twice, first in line 6 [duplicate-key]",
    )


def test_explain_shows_what_an_unknown_id_is_answered(folder, capsys):
    """`resume: {unknown: 400}` is what the server would say."""
    (folder / "scenarios" / "story.yaml").write_text(STORY + "resume: {unknown: 400}\n")
    argv = ["explain", "story", "--scenarios", "scenarios", "--last-event-id", "99"]
    assert "            400 Bad Request\n" in run(capsys, *argv)[1]


@pytest.mark.parametrize("argv", [["--port", "abc"], ["--port", "65536"], ["--nonsense"]])
def test_a_wrong_option_is_the_operators_affair(capsys, argv):
    """Exit 3: the code 2 speaks of files."""
    with pytest.raises(SystemExit) as caught:
        main(["serve", *argv])
    assert caught.value.code == 3


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


HEARD = """\
operation: streamOrderStatus
stream:
- {id: 1, data: "two\\nlines"}
- {id: 2, data: lost, cut: 8}
- disconnect: drop
- {event: complete, id: 3, data: x}
"""


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


def test_check_reports_an_outcome_that_is_wrong(folder, capsys):
    """As an error, with its place."""
    text = HEARD + "outcome: {state: open}\n"
    (folder / "scenarios" / "heard.yaml").write_text(text)
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")

    assert code == 2
    assert "heard.yaml:7:10: the outcome is connecting (the body ended), not open [outcome]" in out
