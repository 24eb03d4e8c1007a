"""Plays scenarios and notes down what a recorder on the wire would have seen of it."""

from dataclasses import replace
from itertools import islice
from urllib.parse import quote, urlencode

from mockserver.capture import Chunk, Exchange
from mockserver.play.answer import stream_head
from mockserver.play.cues import Await, Call, Disconnect, Send
from mockserver.play.oracle import ConformingClient
from mockserver.play.session import DEFAULT
from mockserver.play.story import Stories
from mockserver.play.timeline import answer_of, usual_request
from mockserver.scenario.block import echoed
from mockserver.scenario.units import FOREVER
from mockserver.sse.encode import json_text

STAYS = 100.0
"""Seconds for which a client listens to a stream that has no end."""
MOST = 2_000
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
        operation = operations[min(number, len(operations) - 1)]
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


def _exchange(turn, operation, opening, now):
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
        chunks, end, ended = _body(turn, began)
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


def _body(turn, began):
    chunks, sent = [], []
    for cue in islice(turn.player.due(FOREVER), MOST):
        if cue.at > STAYS:
            break
        match cue:
            case Send():
                turn.subscription.record(cue)
                sent.append(cue)
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
