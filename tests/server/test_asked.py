"""Settings of servers and sessions, of wrong kinds and out of bounds."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mockserver import MockServer
from mockserver.errors import ControlError, StartError

WRONG = {
    "a document": {"spec": 5},
    "scenarios": {"scenarios": [5]},
    "a path with NUL": {"scenarios": "a\0b"},
    "a port that is a text": {"port": "x"},
    "a port beyond the last": {"port": 70000},
    "a port below 0": {"port": -1},
    "a port that is a truth": {"port": True},
    "a clock": {"clock": 5},
    "a mode": {"requests": ["warn"]},
    "hosts": {"allow_calls_to": {}},
    "hosts of a wrong kind": {"control_hosts": [5]},
    "names": {"pinned": 5},
    "no room for a session": {"sessions": 0},
    "sessions": {"sessions": "many"},
    "a duration": {"session_idle": "x"},
    "a range": {"session_idle": "1s..2s"},
    "a duration below 0": {"session_idle": -1},
    "no number": {"session_idle": float("nan")},
    "a journal below 0": {"journal": -1},
    "a journal": {"journal": None},
    "a flag": {"stateful": "no"},
    "a listener": {"on_entry": 5},
}


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_a_server_refuses_what_it_cannot_be(settings):
    """Before it starts; the error names the setting and says how to mend it."""
    with pytest.raises(StartError, match=f"^{next(iter(settings))} cannot be ") as caught:
        MockServer(**settings)

    assert caught.value.code == "bad-setting"
    assert caught.value.mend


def test_one_name_needs_no_list():
    """A text is one name, not its letters."""
    with (
        pytest.raises(StartError, match="'nowhere'") as caught,
        MockServer(pinned="nowhere"),
    ):
        pass

    assert caught.value.code == "unknown-scenario"


WRONG_SESSIONS = {
    "a clock of a wrong kind": ({"clock": 5}, StartError, "bad-setting"),
    "no clock": ({"clock": ""}, StartError, "bad-clock"),
    "a name of a wrong kind": ({"name": 5}, ControlError, "bad-session-name"),
    "scenarios of a wrong kind": ({"scenarios": 5}, StartError, "bad-setting"),
    "a date as text": ({"epoch": "2020-01-01"}, ControlError, "bad-epoch"),
    "a date": ({"epoch": date(2020, 1, 1)}, ControlError, "bad-epoch"),
    "a time without its zone": ({"epoch": "2020-01-01T00:00:00"}, ControlError, "bad-epoch"),
    "a number": ({"epoch": 5}, ControlError, "bad-epoch"),
    "too early": ({"epoch": datetime.min.replace(tzinfo=UTC)}, ControlError, "bad-epoch"),
    "too late": ({"epoch": datetime.max.replace(tzinfo=UTC)}, ControlError, "bad-epoch"),
}


@pytest.fixture(scope="module")
def server():
    """A server in a thread."""
    with MockServer() as server:
        yield server


@pytest.mark.parametrize(("settings", "error", "code"), WRONG_SESSIONS.values(), ids=WRONG_SESSIONS)
def test_a_session_refuses_what_it_cannot_be(server, settings, error, code):
    """At once, and not by every request that comes later."""
    with pytest.raises(error) as caught:
        server.create_session(**settings)

    assert caught.value.code == code


EPOCHS = {
    "a text": "2020-01-01T02:00:00+02:00",
    "a text in UTC": "2020-01-01T00:00:00Z",
    "a time with its zone": datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    "a time without": datetime(2020, 1, 1),  # noqa: DTZ001
}


@pytest.mark.parametrize("epoch", EPOCHS.values(), ids=EPOCHS)
def test_an_epoch_can_be_said_in_many_ways(server, epoch):
    """All of them are the same point in time."""
    session = server.create_session(epoch=epoch)

    assert session._session.epoch == datetime(2020, 1, 1, tzinfo=UTC)
