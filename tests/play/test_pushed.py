"""What tests push, without a server: read, held to the language, and kept for the oracle within bounds."""

from types import SimpleNamespace

import pytest

from mockserver.errors import ControlError
from mockserver.play.cues import Place
from mockserver.play.live import Connections
from mockserver.play.pushed import as_push, pushed_event, raw_push
from mockserver.play.story import PUSHED_IDS, Subscription
from mockserver.play.told import Intervention, Memory, Told
from mockserver.sse.encode import Form

EVENTS = {
    "a text": ({"data": "a\nb"}, b"data: a\ndata: b\n\n"),
    "a mapping": ({"data": {"a": "\u00e4", "b": None}}, 'data: {"a":"ä","b":null}\n\n'.encode()),
    "null": ({"data": None}, b"data: null\n\n"),
    "all of it": (
        {"data": 1, "event": "x", "id": 7, "retry": "2s", "comment": "c"},
        b": c\nevent: x\nid: 7\nretry: 2000\ndata: 1\n\n",
    ),
    "an empty id": ({"id": ""}, b"id: \n\n"),
    "a word": ({"event": True}, b"event: true\n\n"),
    "a template, which is none": ({"data": "{{ n }}"}, b"data: {{ n }}\n\n"),
    "a lone surrogate": ({"data": "\ud800"}, "data: \ufffd\n\n".encode()),
}


@pytest.mark.parametrize(("asked", "expected"), EVENTS.values(), ids=EVENTS)
def test_an_event_is_read_as_a_step_is(asked, expected):
    """Its fields in the language's order, mappings as JSON."""
    assert as_push(pushed_event(asked), Form(), min).data == expected


FORMS = {
    "CRLF and no space": (Form("\r\n", space=False), b"event:x\r\ndata:1\r\n\r\n"),
    "line ends that are drawn": (Form(None), b"event: x\rdata: 1\r\r"),
    "JSON lines": (Form("\n", framing="lines"), b"1\n"),
    "a JSON text sequence": (Form("\n", framing="seq"), b"\x1e1\n"),
}


@pytest.mark.parametrize(("form", "expected"), FORMS.values(), ids=FORMS)
def test_an_event_is_written_as_its_stream_is(form, expected):
    """In another framing only its data have a place."""
    push = as_push(pushed_event({"event": "x", "data": 1}, form), form, lambda ends: ends[-1])
    assert push.data == expected


FAULTS = {
    "nothing": ({}, "no-kind"),
    "nothing known": ({"dat": 1}, "no-kind"),
    "an id with a line end": ({"id": "a\nb"}, "breaks-framing"),
    "an id with NUL": ({"id": "a\0"}, "breaks-framing"),
    "a type with a line end": ({"event": "a\rb"}, "breaks-framing"),
    "an id that is a list": ({"id": [1]}, "wrong-type"),
    "an event that is no number": ({"event": float("nan")}, "wrong-type"),
    "a retry in words": ({"retry": "soon"}, "bad-duration"),
    "a retry that is negative": ({"retry": -1}, "bad-duration"),
    "a retry that is true": ({"retry": True}, "bad-duration"),
    "a retry without end": ({"retry": "forever"}, "bad-duration"),
    "data that are no JSON": ({"data": {"a": float("inf")}}, "wrong-value"),
    "data of Python's own": ({"data": {1, 2}}, "wrong-value"),
}


@pytest.mark.parametrize(("asked", "code"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_event_is_refused_with_the_languages_code(asked, code):
    """422, with what would be right."""
    with pytest.raises(ControlError) as error:
        pushed_event(asked)
    assert (error.value.status, error.value.code, bool(error.value.mend)) == (422, code, True)


def test_what_was_pushed_is_told_as_json():
    """Who has pushed true does not read of True."""
    with pytest.raises(ControlError, match=r"^422 true is no reconnection time"):
        pushed_event({"retry": True})
    with pytest.raises(ControlError, match=r"^422 id is no text: \[null\]"):
        pushed_event({"id": [None]})


def test_only_data_has_a_place_among_json_lines():
    """A comment alone would be nothing there."""
    with pytest.raises(ControlError, match="only data has a place"):
        pushed_event({"comment": "c"}, Form(framing="lines"))


RAW = {
    "an event": (b"id: 7\nretry: 5\ndata: x\n\n", ("7", 5, 1)),
    "half an event": (b"id: 7\ndata: x\n", ("", None, 0)),
    "an empty id": (b"id\ndata: x\n\n", ("", None, 1)),
    "no id": (b"data: id: 7\n\n", (None, None, 1)),
    "bytes": (b"\xff\0", (None, None, 0)),
}


@pytest.mark.parametrize(("data", "expected"), RAW.values(), ids=RAW)
def test_raw_bytes_are_read_for_what_clients_take(data, expected):
    """The last id, the reconnection time, and the events."""
    push = raw_push(data)
    assert (push.id, push.retry, len(push.events), push.data) == (*expected, data)


def test_a_subscription_remembers_the_last_pushed_ids():
    """So many; the older ones are forgotten."""
    subscription = Subscription(None, None, None)
    for number in range(PUSHED_IDS + 5):
        subscription.pushed(str(number), None, Place(1, number))
    assert (len(subscription.pushed_ids), "4" in subscription.pushed_ids) == (PUSHED_IDS, False)
    assert subscription.pushed_ids["5"] == Place(1, 5)
    assert subscription.last_id == "1004"


def told():
    """Return a connection of nobody."""
    return Told(None, "o", "GET /", 0.0, "", None, None)


def test_interventions_count_towards_what_is_remembered():
    """Older connections make room; of one alone too large, the rest is not heard."""
    memory = Memory(limit=10, weight=1000)
    first, second = told(), told()
    memory.keep(first)
    memory.keep(second)
    memory.intervene(first, Intervention(0, 0.0, b"x" * 400))
    memory.intervene(second, Intervention(0, 0.0, b"x" * 400))
    assert list(memory) == [first, second]
    assert second.weight == 500
    memory.intervene(second, Intervention(400, 0.0, b"x" * 100))
    assert (list(memory), memory.forgotten, first.kept) == ([second], 1, False)
    memory.intervene(first, Intervention(400, 0.0, b"x"))
    memory.intervene(second, Intervention(500, 0.0, b"x" * 400))
    memory.intervene(second, Intervention(900, 0.0, b""))
    assert (len(first.interventions), len(second.interventions), second.known) == (1, 2, 500)


def test_numbers_count_connections_of_a_session():
    """From 1, and anew after a reset, which an older one does not disturb."""
    live = Connections()

    def steered():
        return SimpleNamespace(number=0, is_stream=True, forgotten=lambda: None)

    one, two, again = steered(), steered(), steered()
    live.open(one)
    live.open(two)
    live.close(one)
    assert [each.number for each in live] == [2]
    live.clear()
    live.open(again)
    live.close(one)
    assert list(live) == [again]
    assert live.meant(1) == (again,)
