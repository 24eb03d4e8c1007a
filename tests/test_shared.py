"""What two threads come to at a time."""

import threading

from mockserver.shared import once, turns


class Node:
    """A node of a tree whose two sides ask for each other's."""

    def __init__(self, inner=None, met=None):
        self.inner = inner
        self.met = met

    @once
    def least(self):
        """Ask for the most of what is within."""
        return self.inner.most + 1 if self._is_outer() else 1

    @once
    def most(self):
        """Ask for the least of what is within."""
        return self.inner.least + 1 if self._is_outer() else 1

    def _is_outer(self):
        if self.met is not None:
            self.met.wait(10)
        return self.inner is not None


def test_two_threads_come_to_two_properties_from_two_sides():
    """Neither waits for the other: with a lock for each property both would do so for ever."""
    met, found = threading.Barrier(2), []
    works = [
        lambda: found.append(Node(Node(), met).least),
        lambda: found.append(Node(Node(), met).most),
    ]
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert found == [2, 2]


def test_a_property_is_worked_out_once():
    """What was found stands in its place; the class shows the property itself."""

    class Counted:
        worked = 0

        @once
        def found(self):
            """Say how often."""
            self.worked += 1
            return self.worked

    counted = Counted()

    assert [counted.found, counted.found] == [1, 1]
    assert Counted.found.__doc__ == "Say how often."


def test_a_turn_may_be_taken_again_from_within():
    """One question to a document leads to others."""
    turn = turns()
    with turn, turn:
        came = []
        other = threading.Thread(target=lambda: came.append(turn.acquire(blocking=False)))
        other.start()
        other.join(10)

    assert came == [False]
