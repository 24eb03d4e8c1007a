"""The servers of one test run: one for each distinct set of settings, shared by tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import LoadError
from mockserver.runner import MockServer

if TYPE_CHECKING:
    from collections.abc import Mapping

IDLE: Final = 8
"""Servers kept; the one unused for longest is stopped for a new one."""
_FILES: Final = ("spec", "scenarios", "settings", "tls")


class Servers:
    """The servers that tests share, each in a thread; those least used lately are stopped."""

    def __init__(self) -> None:
        self._servers: dict[object, MockServer] = {}
        self._broken: dict[object, tuple[MockServer, LoadError]] = {}

    def get(self, settings: Mapping[str, Any]) -> MockServer:
        """Return the server with these settings; start it if there is none.

        One whose files have been changed makes way for another. Raises LoadError, StartError.
        """
        key = _key(settings)
        if key in self._broken:
            broken, error = self._broken[key]
            if not broken.outdated():
                raise error
            del self._broken[key]
        if key in self._servers and self._servers[key].outdated():
            self._stop(key)
        server = self._servers.pop(key, None) or self._started(key, settings)
        self._servers[key] = server
        return server

    def stop(self) -> None:
        """Stop all of them."""
        while self._servers:
            self._stop(next(iter(self._servers)))

    def _started(self, key: object, settings: Mapping[str, Any]) -> MockServer:
        port = settings.get("port")
        taken = [each for each, server in self._servers.items() if port and server.port == port]
        crowd = list(self._servers)[: max(len(self._servers) - IDLE + 1, 0)]
        for each in dict.fromkeys([*taken, *crowd]):
            self._stop(each)
        server = MockServer(**settings)
        try:
            return server.__enter__()
        except LoadError as error:
            if len(self._broken) < IDLE:
                self._broken[key] = server, error
            raise

    def _stop(self, key: Any) -> None:
        server = self._servers.pop(key)
        if key[0] == os.getpid():  # a fork of the process has not got the thread
            server.__exit__(None, None, None)


def _key(settings: Mapping[str, Any]) -> object:
    """Return what tells these settings from all others; the same paths may lead elsewhere."""
    told = tuple((name, _plain(value)) for name, value in sorted(settings.items()))
    files = [path for name in _FILES for path in _paths(settings.get(name))]
    return os.getpid(), told, tuple(path.absolute() for path in files)


def _plain(value: Any) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _paths(value: Any) -> list[Path]:
    if value is None:
        return []
    return [Path(value)] if isinstance(value, (str, Path)) else [Path(each) for each in value]
