"""Plays scenarios and notes down what a recorder on the wire would have seen of it."""

from dataclasses import replace
from itertools import islice
from urllib.parse import quote, urlencode

from mockserver.capture import Chunk, Exchange
from mockserver.capture.body import body_of
from mockserver.capture.seen import seen
from mockserver.contract import read
from mockserver.play.answer import stream_head
from mockserver.play.cues import Await, Call, Disconnect, Send
from mockserver.play.match import choose
from mockserver.play.oracle import ConformingClient
from mockserver.play.session import DEFAULT
from mockserver.play.story import Stories
from mockserver.play.timeline import answer_of, usual_request
from mockserver.scenario.block import echoed
from mockserver.scenario.catalog import link
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.units import FOREVER
from mockserver.sse.encode import json_text

STAYS = 100.0
"""Seconds for which a client listens to a stream that has no end."""
MOST = 400
"""Cues of one connection that are listened to."""
ENDS = {"end": "end", "drop": "cut", "reset": "reset"}


def exchanges(program, operations, *, limit=12):
    """Return what a client's connections to a scenario look like, one second between them.

    None where its request or what it gets cannot be one of a recording: bytes before HTTP, or
    an answer that never comes.
    """
    operation = operations[0]
    opening = usual_request(program, operation)
    stories, client, now, found = Stories("0", DEFAULT), ConformingClient(), 1.0, []
    for number in range(min(program.connections, limit)):
        before, operation = operation, operations[min(number, len(operations) - 1)]
        if operation is not before:
            path = dict.fromkeys(operation.path_parameters, "7")
            asked = usual_request(program, operation).target
            opening = replace(opening, method=operation.method, target=asked, path=path, body=None)
        turn = stories.turn(program, opening, now, operation=operation.id)
        client.request(now, host="localhost")
        exchange = _exchange(turn, operation, opening, now)
        if exchange is None:
            return None
        found.append(exchange)
        if exchange.end == "client":
            turn.subscription.close("client", exchange.ended, None)
        _hear(client, exchange)
        now = exchange.ended + 1
        last_id = echoed(client.last_event_id) or None
        headers = {k: v for k, v in opening.headers.items() if k != "last-event-id"}
        headers |= {"last-event-id": last_id} if last_id else {}
        opening = replace(opening, last_event_id=last_id, headers=headers)
        if turn.row is None or (exchange.end == "client" and not last_id):
            break
    return found


def _hear(client, exchange):
    client.respond(exchange.answered, exchange.status, exchange.headers)
    for chunk in exchange.chunks:
        client.receive(chunk.at, chunk.data)
    client.finish(exchange.ended, {"cut": "drop", "client": "client"}.get(exchange.end, "end"))


def _exchange(turn, operation, opening, now, stays=None):
    asked = {
        "at": now,
        "method": opening.method,
        "target": target_of(operation, opening),
        "request_headers": tuple(opening.headers.items()),
        "request_body": b"" if opening.body is None else json_text(opening.body).encode(),
    }
    if opening.body is not None:
        asked["request_headers"] += (("content-type", "application/json"),)
    if turn.row is None:
        return Exchange(**asked, status=turn.refused or 204, answered=now, ended=now)
    began = now + turn.delay()
    if began == FOREVER or (
        turn.row.response is not None and turn.row.response.raw_head is not None
    ):
        return None
    if turn.player is not None:
        stream = turn.stream_of(operation)
        head = stream_head(turn.row, turn.scope, stream, None)
        chunks, end, ended = _body(turn, began, stays)
        return Exchange(
            **asked, answered=began, status=head.status, reason=head.reason, headers=head.headers,
            chunks=chunks, end=end, ended=ended, transfer=head.transfer or "chunked",
        )  # fmt: skip
    turn.close_answer("script", began)
    if turn.row.broken:
        return Exchange(**asked, status=0, answered=began, ended=began, end=ENDS[turn.row.end])
    answer = answer_of(turn, operation, opening)
    return Exchange(
        **asked, answered=began, ended=began, status=answer.head.status,
        reason=answer.head.reason, headers=answer.head.headers, transfer="length",
        chunks=(Chunk(began, answer.body),) if answer.body else (),
    )  # fmt: skip


def target_of(operation, opening):
    path = operation.full_paths[0].partition("#")[0].partition("?")[0]
    for name, value in opening.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return f"{path}?{urlencode(opening.query)}" if opening.query else path


def _body(turn, began, stays):
    """Listen to a stream for a while, or until so many bytes were there."""
    chunks, sent = [], 0
    for cue in islice(turn.player.due(FOREVER), MOST if stays is None else 100_000):
        if (cue.at > STAYS) if stays is None else (sent >= stays):
            break
        match cue:
            case Send():
                turn.subscription.record(cue)
                sent += len(cue.data)
                chunks.append(Chunk(round(began + cue.at, 9), cue.data))
            case Disconnect():
                assert not cue.fault, cue.fault
                turn.subscription.close("script", began + cue.at, cue)
                return tuple(chunks), ENDS[cue.kind], round(began + cue.at, 9)
            case Await():
                turn.subscription.settle(cue, met=True)
                turn.player.answered()
            case Call() if cue.wait:
                turn.player.answered()
    turn.player.close()
    last = chunks[-1].at if chunks else began
    return tuple(chunks), "client", round(max(last, began), 9) + 0.5


# --- what was written, played to the requests that were recorded ------------------------------


def loaded(recording, contract=None):
    """Return the catalog of a recording, which has to load without a problem."""
    files = recording.files
    if contract is None:
        contract = read(plain_data("openapi.yaml", files["openapi.yaml"]), "openapi.yaml")
    texts = [
        (path, path.removesuffix(".yaml"), text)
        for path, text in files.items()
        if path.endswith(".yaml") and path != "openapi.yaml" and not path.startswith(".")
    ]
    scenarios, problems = read_scenarios(texts)
    assert problems == []
    catalog, problems = link(contract, scenarios, files.__getitem__)
    assert problems == []
    return catalog


def replayed(catalog, found, name=None):
    """Return what recorded requests get of a catalog, one after another in one session."""
    stories, answers = Stories("0", DEFAULT), []
    for exchange in found:
        one = seen(exchange, body_of(exchange), catalog.contract)
        headers = {k: v for k, v in one.opening.headers.items() if k != "accept-encoding"}
        opening = replace(one.opening, headers=headers)
        programs = catalog.by_operation.get(one.operation.id, ())
        program = choose(programs, opening, name, ())
        assert program is not None, f"no scenario for {exchange.method} {exchange.target}"
        program = catalog.framed(program, one.operation, opening.accept)
        now = exchange.at
        turn = stories.turn(program, opening, now, operation=one.operation.id)
        left = exchange.end in ("client", "open")
        stays = len(one.body.data) if left else FOREVER
        answer = _exchange(turn, one.operation, opening, now, stays)
        if answer.end == "client":
            turn.subscription.close("client", exchange.ended, None)
        answers.append(answer)
    return answers


def same(answer, exchange, *, times=False):
    """Hold what is played against what was recorded."""
    body = body_of(exchange)
    left = exchange.end in ("client", "open")
    data = b"".join(chunk.data for chunk in answer.chunks)
    assert answer.status == exchange.status
    if left:
        assert data[: len(body.data)] == body.data
    else:
        assert data == body.data
        assert answer.end == exchange.end
    if times:
        assert _moments(answer, len(body.data)) == _moments(replace(exchange, chunks=body.chunks))
        if not left:
            assert round(answer.ended - answer.at, 6) == round(exchange.ended - exchange.at, 6)


def _moments(exchange, most=None):
    """Return when each byte was there, in microseconds, as runs: (up to which byte, when)."""
    runs, end = [], 0
    for chunk in exchange.chunks:
        if not chunk.data or (most is not None and end >= most):
            continue
        end += len(chunk.data)
        at = round((chunk.at - exchange.at) * 1e6)
        if runs and runs[-1][1] == at:
            runs.pop()
        runs.append((end if most is None else min(end, most), at))
    return runs
