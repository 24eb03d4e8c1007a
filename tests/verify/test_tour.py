"""The way of a client through a story, told what comes and when, without sockets and clocks."""

from backends import CONFIRMED, ONE, SHIPPED, THREE, TWO, event

from mockserver.verify.options import Options
from mockserver.verify.tour import Tour

RESUMED = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""
HEAD = ("1.1", 200, "OK", [("Content-Type", "text/event-stream")])


def connected(tour, now):
    """Return the next connection, whose head comes at once."""
    listener = tour.next()
    listener.begin(now)
    listener.respond(now, *HEAD)
    return listener


def interrupted(tour):
    """Make the connections of a story: one of 3 s that breaks off, and one of 4 s behind it."""
    for now, end, kind, data in ((0.0, 3.0, "client", ONE + TWO), (3.0, 7.0, "end", THREE)):
        listener = connected(tour, now)
        listener.take(end, data)
        listener.finish(end, kind)


def test_a_run_that_goes_on_otherwise_is_not_listened_to_for_ever(plan):
    """Once it has as many events, it has as long as those had that were interrupted."""
    tour = Tour(plan(RESUMED), Options(timeout=1000))
    interrupted(tour)
    listener = connected(tour, 10.0)
    listener.take(11.0, ONE + TWO)
    assert listener.until > 1000
    listener.take(12.0, event(30, SHIPPED, "complete"))
    assert (listener.enough, listener.until) == (False, 12.0 + 7.0)


def test_a_run_that_has_more_between_is_listened_to_until_it_shows_what_was_lost(plan):
    """What comes behind it is as much later."""
    tour = Tour(plan(RESUMED), Options(timeout=1000))
    interrupted(tour)
    listener = connected(tour, 10.0)
    listener.take(12.0, ONE + TWO + event(21, CONFIRMED))
    listener.take(18.0, event(22, CONFIRMED))
    assert not listener.enough
    listener.take(18.5, THREE)
    assert listener.enough


def test_a_run_that_the_server_breaks_off_is_gone_on_with(plan):
    """A mock server that plays the break would take the next verification for who comes back."""
    tour = Tour(plan(RESUMED), Options())
    interrupted(tour)
    listener = connected(tour, 10.0)
    assert listener.last_event_id == ""
    listener.take(11.0, ONE + TWO)
    listener.finish(11.0, "cut")

    listener = connected(tour, 11.0)
    assert listener.last_event_id == "2"
    assert not listener.enough
    listener.take(12.0, THREE)
    assert listener.enough
    listener.finish(12.0, "client")

    assert tour.next() is None
    assert [event.id for event in tour.whole] == ["1", "2", "3"]


def test_a_run_that_brings_nothing_more_is_not_gone_on_with(plan):
    """Nor one that has been broken off as often as the story is."""
    tour = Tour(plan(RESUMED), Options())
    interrupted(tour)
    for data in (ONE, TWO):
        listener = connected(tour, 10.0)
        listener.take(11.0, data)
        listener.finish(11.0, "cut")
    assert tour.next() is None

    tour = Tour(plan(RESUMED), Options())
    interrupted(tour)
    connected(tour, 10.0).finish(11.0, "end")
    assert tour.next() is None
