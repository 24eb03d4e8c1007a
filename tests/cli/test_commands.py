"""Commands as a user types them: what they print, and the exit code."""

import json
import re
import socket
import sys
from pathlib import Path

import pytest
from commands import FEED, HEARD, STORY, run

from mockserver import cli
from mockserver.cli import main
from mockserver.workspace.shipped import workspace


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


def test_started_without_standard_streams(folder, monkeypatch):
    """As by `2>&-`, or without a console: it does its work, and the exit code is the same."""
    (folder / "scenarios" / "a.yaml").write_text("operation: [\n")
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    code = main(["check", "--scenarios", "scenarios"])
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()
    assert code == 2


def test_check_annotates_a_workflow_run(folder, capsys):
    """`--format github` prints workflow commands with file, line and column."""
    (folder / "scenarios" / "a.yaml").write_text("operation: getOrder\nresponse: {stauts: 200}\n")
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios", "--format", "github")
    assert code == 2
    assert out.splitlines()[0] == (
        "::error file=scenarios/a.yaml,line=2,col=12,title=unknown-key::"
        "unknown key 'stauts' in a response%0Amend: did you mean 'status'?"
    )


def test_linked_folders_and_suffixes_in_capitals_are_read(tmp_path):
    """Once each, though a link leads back; a link that leads nowhere is warned of."""
    scenarios, other = tmp_path / "scenarios", tmp_path / "other"
    for path in (scenarios / "a.yaml", scenarios / "B.YAML", other / "c.Yml", scenarios / ".d.yml"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(STORY)
    (scenarios / "linked").symlink_to(other)
    (scenarios / "back").symlink_to(scenarios)
    (other / "up").symlink_to(scenarios)
    (scenarios / "gone.yaml").symlink_to(tmp_path / "nowhere")
    catalog, problems = workspace(None, scenarios).load()
    assert set(catalog.programs) == {"a", "B", "linked/c"}
    [gone] = [problem for problem in problems if problem.code != "scenario-tie"]
    assert (gone.code, gone.severity) == ("unreadable-file", "warning")
    assert gone.where.file.endswith("gone.yaml")


@pytest.mark.parametrize("form", ["text", "github"])
def test_a_name_of_a_file_cannot_steer_a_terminal(folder, capsys, form):
    """Neither where a problem is, nor as the name of a scenario."""
    (folder / "scenarios" / "a\x1b[2J.yaml").write_text("operation: getOrder\nstraem: []\n")
    (folder / "scenarios" / "b\x1b[2J.yaml").write_text(STORY)
    _, out, _ = run(capsys, "check", "--scenarios", "scenarios", "--format", form)
    assert "\x1b" not in out
    assert "a\\u001b[2J.yaml" in out
    assert '"b\\u001b[2J"' in out


BROKEN = STORY.replace("status: payment_confirmed", "status: lost")


def test_check_holds_events_against_the_document(folder, capsys):
    """An event that the Petstore does not allow is an error there."""
    (folder / "scenarios" / "story.yaml").write_text(BROKEN)
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")
    assert code == 2
    line, _, caret, mend = out.splitlines()[:4]
    assert line.startswith(
        "scenarios/story.yaml:6:26: this event breaks the contract: data.status: 'lost' is not one of "
    )
    assert re.search(
        r"\(event message, by \S+/petstore.openapi.yaml:\d+ /components/schemas/", line
    )
    assert caret.strip() == "^^^^"
    assert mend.endswith("/OrderStatusUpdate/properties/status/enum; or say 'violates: …'")


ANSWER = """\
operation: getOrder
connections:
- response:
    status: 200
    body:
      id: 1
- response: {status: 418}
- response:
    status: 404
    headers: {Content-Type: text/plain}
"""


def test_check_holds_answers_against_the_document(folder, capsys):
    """Each problem stands at the member that is wrong, and names the document's line."""
    (folder / "scenarios" / "a.yaml").write_text(ANSWER)
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios/a.yaml")
    told = re.findall(
        r"^scenarios/a.yaml:(\d+:\d+): (.*) \(by .*:\d+ /.* \[(.*)\]$", out, re.MULTILINE
    )
    assert code == 2
    assert [(place, code) for place, _, code in told] == [
        ("6:7", "contract-answer"),
        ("7:22", "undeclared-status"),
        ("10:29", "undeclared-media-type"),
    ]
    assert "body.id: 1 is not of type 'string'" in told[0][1]


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


OTHER = (
    FEED
    + """\
            text/event-stream:
              itemSchema:
                properties:
                  data: {contentMediaType: application/json, contentSchema: {type: object}}
"""
)


def test_events_of_other_peoples_documents_are_warnings(folder, capsys):
    """Large vendors' streams do not fit their own documents: only --strict makes errors of them."""
    (folder / "api.yaml").write_text(OTHER)
    (folder / "scenarios" / "story.yaml").write_text("operation: feed\nstream: [{data: [1]}]\n")
    argv = ["check", "--spec", "api.yaml", "--scenarios", "scenarios"]
    code, out, _ = run(capsys, *argv)
    assert (code, "warning: this event breaks the contract" in out) == (0, True)
    code, out, _ = run(capsys, *argv, "--strict")
    assert (code, "warning:" in out, ", 0 warnings" in out) == (2, False, True)


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


MANY = """\
openapi: 3.1.0
info: {title: Many files, version: "1"}
paths:
  /a: {$ref: paths/a.yaml}
"""
PATH = """\
get:
  operationId: getA
  responses:
    "200": {description: OK, content: {application/json: {schema: {$ref: ../a.yaml#/A}}}}
"""


def test_a_document_may_be_in_several_files(folder, capsys):
    """Its operations are listed, and faults are placed in the file that has them."""
    (folder / "paths").mkdir()
    (folder / "api.yaml").write_text(MANY)
    (folder / "paths" / "a.yaml").write_text(PATH)
    (folder / "a.yaml").write_text("A: {type: integer, enum: [x]}")
    code, out, _ = run(capsys, "check", "--spec", "api.yaml")
    assert (code, "getA  GET /a" in out) == (0, True)
    assert "paths/a.yaml:4:67: warning: getA cannot answer" in out
    (folder / "a.yaml").write_text("B: {}")
    code, out, _ = run(capsys, "check", "--spec", "api.yaml")
    assert (code, "paths/a.yaml:4:74: $ref" in out, "[broken-ref]" in out) == (2, True, True)
    (folder / "a.yaml").write_text("A: [\n")
    code, out, _ = run(capsys, "check", "--spec", "api.yaml")
    assert (code, "a.yaml:2:1: " in out, "[yaml-syntax]" in out) == (2, True, True)


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


@pytest.mark.parametrize("argv", [["--port", "abc"], ["--port", "65536"], ["--nonsense"]])
def test_a_wrong_option_is_the_operators_affair(capsys, argv):
    """Exit 3: the code 2 speaks of files."""
    with pytest.raises(SystemExit) as caught:
        main(["serve", *argv])
    assert caught.value.code == 3


def test_check_reports_an_outcome_that_is_wrong(folder, capsys):
    """As an error, with its place."""
    text = HEARD + "outcome: {state: open}\n"
    (folder / "scenarios" / "heard.yaml").write_text(text)
    code, out, _ = run(capsys, "check", "--scenarios", "scenarios")

    assert code == 2
    assert "heard.yaml:7:10: the outcome is connecting (the body ended), not open [outcome]" in out


STEERING = r"""
openapi: 3.2.0
info: {title: T, version: "1"}
paths:
  "/feed\e[2J":
    get:
      operationId: "feed\e[2J"
      responses:
        "200":
          description: events
          content: {text/event-stream: {schema: {type: object, required: ["\e[2J"]}}}
"""
LOUD = r"""
operation: "feed\e[2J"
description: "loud\e[2J"
when: {query: {a: "\e[2J"}}
expect: [{connections: 1}]
stream:
- {id: 1, event: "\e[2J", data: {"b\e[2J": "\e[2J"}}
- {comment: "\e[2J"}
"""
SHOWN = {
    "check": ("check",),
    "its annotations": ("check", "--format", "github"),
    "its table": ("check", "--coverage"),
    "explain": ("explain", "loud", "--dispatched"),
    "verify": ("verify", "loud", "--base-url", "http://127.0.0.1:9"),
}


@pytest.mark.parametrize("command", SHOWN.values(), ids=SHOWN)
def test_what_files_say_cannot_steer_a_terminal(tmp_path, capsys, command):
    """It stands as an escape, wherever a command tells of it."""
    (tmp_path / "a.yaml").write_text(STEERING)
    (tmp_path / "loud.yaml").write_text(LOUD)
    files = ("--spec", str(tmp_path / "a.yaml"), "--scenarios", str(tmp_path / "loud.yaml"))
    _, out, err = run(capsys, *command, *files)
    assert "\x1b" not in out + err
    assert "\\u001b[2J" in out + err


# --- output that goes nowhere --------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_an_output_that_is_full_is_said(capsys, monkeypatch):
    """In a line, with the exit code of what the operator can mend."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["schema"]) == 3
    assert "cannot write: No space left on device" in capsys.readouterr().err


def test_an_interrupt_while_commands_are_imported_is_one_like_any_other(capsys, monkeypatch):
    """It is no traceback, but the exit code of whoever was interrupted."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_commands", interrupted)
    assert run(capsys, "schema") == (130, "", "")
