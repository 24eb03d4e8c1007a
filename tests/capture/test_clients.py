"""Whose connection a request is, where several clients listen to the same stream at once."""

import re

import pytest
from told import loaded, replayed, same

from mockserver.capture import Chunk, Exchange, Options, written

SSE = (("Content-Type", "text/event-stream"),)


def heard(at, ended, ids, end, last_id="", target="/ticks"):
    """Return a connection that was told events with these ids."""
    chunks = [Chunk(at, f"id: {each}\ndata: {each}\n\n".encode()) for each in ids]
    asked = (("Last-Event-ID", last_id),) if last_id else ()
    return Exchange(
        at=at, target=target, request_headers=asked, answered=at, headers=SSE,
        chunks=tuple(chunks), ended=ended, end=end,
    )  # fmt: skip


def told(recording):
    """Return the ids of each scenario that is written, with `|` where it drops the connection."""
    texts = [text.decode() for path, text in recording.files.items() if path != "openapi.yaml"]
    return [
        "".join(i or "|" for i in re.findall(r"- \{.*id: (\d)|- disconnect: drop", text))
        for text in texts
    ]


CLIENTS = {
    "each goes on behind its own last id": (
        [
            heard(1, 2, "12", "cut"),
            heard(1.5, 2.1, "1", "cut"),
            heard(3, 4, "3", "end", "2"),
            heard(3.1, 4.1, "23", "end", "1"),
        ],
        ["12|3", "1|23"],
    ),
    "an id is that of who was sent it last": (
        [
            heard(1, 2, "12", "cut"),
            heard(1.5, 2.1, "1", "cut"),
            heard(3, 4, "23", "end", "1"),
            heard(3.1, 4.1, "3", "end", "2"),
        ],
        ["12|3", "1|23"],
    ),
    "a client that begins just before another is cut off is no return of that one": (
        [
            heard(1, 2, "1", "cut"),
            heard(1.97, 2.9, "1", "cut"),
            heard(3, 4, "2", "end", "1"),
            heard(3.9, 4.9, "2", "end", "1"),
        ],
        ["1|2"],
    ),
    "who comes back while its story goes on is nobody of another query": (
        [
            heard(1, 2, "12", "end", target="/ticks?a=b"),
            heard(1.1, 2.1, "1", "cut"),
            heard(2.5, 9, "1", "cut"),
            heard(3, 4, "2", "end", "1"),
        ],
        ["12", "1|1|", "2"],
    ),
    "who leaves before anything came, and asks again": (
        [
            heard(1, 2, "1", "cut"),
            heard(3, 3.5, "", "client", "1"),
            heard(4, 5, "2", "end", "1"),
        ],
        ["1|2"],
    ),
}


@pytest.mark.parametrize(("found", "expected"), CLIENTS.values(), ids=CLIENTS)
def test_every_client_has_its_own_story(found, expected):
    """The id that it has says which."""
    assert told(written(found, None, Options())) == expected


def test_a_connection_of_which_nothing_came_is_no_part_of_the_replay():
    """It gets what the next one got, if it stays; nothing is said to be lost."""
    found = CLIENTS["who leaves before anything came, and asks again"][0]
    recording = written(found, None, Options())

    for answer, exchange in zip(replayed(loaded(recording), found), found, strict=True):
        same(answer, exchange)
    assert recording.notes == []
