"""What the run calls a difference between a client's record and the server's knowledge."""

import json

import pytest
from verdicts import Event, Known, Record, completion, judge

ONE, TWO, THREE = (Event("message", data, "") for data in "123")

OPEN = {"kind": "open"}
LOST = {"kind": "error", "readyState": 0}
FAILED = {"kind": "error", "readyState": 2}
CLOSED = {"kind": "closed"}
STOPPED = {"kind": "stopped"}


def event(event: Event) -> dict:
    """Return the line that a client prints for an event."""
    return {
        "kind": "event",
        "type": event.type,
        "data": event.data,
        "lastEventId": event.last_event_id,
    }


def record(*entries: dict | Event) -> Record:
    """Return a record of these lines."""
    made = Record()
    for entry in entries:
        made.add(event(entry) if isinstance(entry, Event) else entry)
    return made


def known(*events: Event, attempts: int = 1, **more: bool) -> Known:
    """Return what the server knows of one subscription with these events."""
    return Known([events], attempts=attempts, **more)


TOLD = known(ONE, TWO)


@pytest.mark.parametrize(
    ("entries", "told", "state", "instead"),
    [
        pytest.param([OPEN, ONE, TWO, LOST], TOLD, "connecting", "", id="comes back"),
        pytest.param(
            [OPEN, ONE, TWO, LOST, OPEN, ONE, LOST, STOPPED], TOLD, "connecting", "", id="twice"
        ),
        pytest.param(
            [OPEN, ONE, TWO, LOST, FAILED, CLOSED],
            known(ONE, TWO, attempts=2),
            "closed",
            "",
            id="is told to stay away",
        ),
        pytest.param([OPEN, ONE, TWO, STOPPED], TOLD, "open", "", id="stays"),
        pytest.param([STOPPED], known(), "connecting", "", id="is never answered"),
        pytest.param([FAILED, CLOSED], known(), "closed", "", id="is refused"),
        pytest.param([OPEN, ONE, LOST], TOLD, "connecting", "fewer events", id="fewer"),
        pytest.param(
            [OPEN, THREE, LOST], TOLD, "connecting", "fewer and other events", id="1 other"
        ),
        pytest.param([OPEN, ONE, THREE, LOST], TOLD, "connecting", "other events", id="other"),
        pytest.param([OPEN, ONE, TWO, THREE, LOST], TOLD, "connecting", "more events", id="more"),
        pytest.param(
            [OPEN, ONE, THREE, THREE, LOST],
            TOLD,
            "connecting",
            "more and other events",
            id="3 other",
        ),
        pytest.param(
            [OPEN, ONE, TWO._replace(last_event_id="7"), LOST],
            TOLD,
            "connecting",
            "other ids",
            id="other ids",
        ),
        pytest.param(
            [OPEN, ONE._replace(last_event_id=None), LOST],
            known(ONE._replace(last_event_id="7")),
            "connecting",
            "",
            id="ids that are not shown are not compared",
        ),
        pytest.param([OPEN, ONE, TWO, CLOSED], TOLD, "connecting", "gives up", id="gives up"),
        pytest.param(
            [OPEN, ONE, TWO, STOPPED], TOLD, "connecting", "does not see the end", id="no end"
        ),
        pytest.param([OPEN, ONE, TWO, LOST], TOLD, "closed", "does not give up", id="goes on"),
        pytest.param([OPEN, ONE, TWO, CLOSED], TOLD, "open", "gives up", id="does not stay"),
        pytest.param([OPEN, ONE, TWO, LOST], TOLD, "open", "loses the connection", id="loses it"),
        pytest.param([STOPPED], known(), "open", "does not open", id="does not open"),
        pytest.param(
            [OPEN, THREE, TWO, CLOSED],
            TOLD,
            "connecting",
            "other events, gives up",
            id="both of it",
        ),
        pytest.param(
            [OPEN, ONE, CLOSED], TOLD, "connecting", "gives up", id="gives up before the end"
        ),
        pytest.param([OPEN, ONE, TWO, {"kind": "died"}], TOLD, "open", "crashes", id="crashes"),
    ],
)
def test_verdicts(entries, told, state, instead):
    """The events of the first telling are compared, and the state after the last of them."""
    assert judge(record(*entries), told, state).instead == instead


CHUNK = Event("message", json.dumps({"id": "c", "choices": []}), "")
DONE = Event("message", "[DONE]", "")
ERROR = Event("message", json.dumps({"error": {"message": "overloaded"}}), "")
REORDERED = Event("message", '{"choices":[],"id":"c"}', None)
ENDED = CLOSED | {"raised": False}
RAISED = CLOSED | {"raised": True}


@pytest.mark.parametrize(
    ("events", "how", "entries", "instead"),
    [
        pytest.param([CHUNK, DONE], {}, [OPEN, REORDERED, ENDED], "", id="done"),
        pytest.param([CHUNK, DONE, ERROR], {}, [OPEN, REORDERED, ENDED], "", id="after done"),
        pytest.param([CHUNK], {}, [OPEN, REORDERED, ENDED], "", id="not done"),
        pytest.param([CHUNK], {"cut": True}, [OPEN, REORDERED, RAISED], "", id="cut"),
        pytest.param([CHUNK, ERROR], {}, [OPEN, REORDERED, RAISED], "", id="error"),
        pytest.param([], {"refused": True}, [RAISED], "", id="refused"),
        pytest.param(
            [Event("message", "{bad", "")], {}, [OPEN, RAISED], "", id="what is no JSON raises"
        ),
        pytest.param(
            [Event("error", "{}", "")], {}, [OPEN, ENDED], "ends as if all were well", id="silent"
        ),
        pytest.param([CHUNK, DONE], {}, [OPEN, REORDERED, RAISED], "raises", id="raises"),
        pytest.param([CHUNK, DONE], {}, [OPEN, REORDERED, STOPPED], "does not end", id="hangs"),
        pytest.param([CHUNK, DONE], {}, [OPEN, ENDED], "fewer events", id="fewer"),
    ],
)
def test_verdicts_on_completions(events, how, entries, instead):
    """Chunks are compared as JSON; an error or a cut raises, everything else ends."""
    told, state = completion(known(*events, **how))

    assert judge(record(*entries).in_one_form(), told, state).instead == instead
