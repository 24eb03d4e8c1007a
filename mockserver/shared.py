"""What threads may come to at a time: servers in one process, and work beside an event loop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


def turns() -> threading.RLock:
    """Return what lets one thread in at a time, who may come in again from within: `with` it."""
    return threading.RLock()


class once(Generic[Found]):  # noqa: N801  (a decorator, like `property`)
    """A property that is worked out when it is first asked for, without a lock.

    `functools.cached_property` of Python 3.11 has one for all objects of a class, held while the
    work goes on: two threads that come to two properties from two sides wait for each other for
    ever. Here both do the work, which is the same.
    """

    def __init__(self, work: Callable[[Any], Found]) -> None:
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Found: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Self | Found:
        """Return what was found, which stands in place of this from now on."""
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work(instance)
        return found
