"""What a server can be asked to be: the kinds and bounds of its settings."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from mockserver.errors import StartError
from mockserver.scenario.units import UnitError, lasting


def check(settings: Mapping[str, Any], **known: str) -> None:
    """Hold settings against what MockServer takes; others are left alone. Raises StartError.

    `known` says under which name MockServer takes a setting that goes by another here.
    """
    for name, value in settings.items():
        fits, mend = _KINDS.get(known.get(name, name), _ANYTHING)
        if not fits(value):
            raise StartError(f"{name} cannot be {value!r}", code="bad-setting", mend=mend)


def names_of(value: str | Collection[str]) -> tuple[str, ...]:
    """Return texts that were given as a list, or as the only one."""
    return (value,) if isinstance(value, str) else tuple(value)


def idle_seconds(value: str | float) -> float:
    """Return in seconds for how long a session may be unused, as `check` has let it through."""
    return lasting(value) if isinstance(value, str) else float(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_seed(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) and "\0" not in str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (_is_list(value) and all(map(_is_text, value)))


def _are_paths(value: Any) -> bool:
    return _is_path(value) or (_is_list(value) and all(map(_is_path, value)))


def _whole(least: int, most: float = math.inf) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return fits


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        try:
            lasting(value)
        except UnitError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_tls(value: Any) -> bool:
    return _is_path(value) or (_is_list(value) and len(value) == 2 and all(map(_is_path, value)))


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_ANYTHING: Final[tuple[Callable[[Any], bool], str]] = (lambda _: True, "")
_FLAG: Final = (_is_flag, "write True or False")
_MODE: Final = "write 'enforce', 'warn' or 'off'"
_HOSTS: Final = "write a list of hosts: 'name', 'name:port', or '*' for any"
_KINDS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "spec": (_or_none(_is_path), "write the path of an OpenAPI document"),
    "scenarios": (_or_none(_are_paths), "write the path of a folder or file, or a list of them"),
    "settings": (_or_none(_is_path), "write the path of a file"),
    "host": (_is_text, "write a name or an address, such as '127.0.0.1'"),
    "port": (_whole(0, 65535), "write a number from 0 to 65535; 0 is any free port"),
    "seed": (_is_seed, "write a text"),
    "clock": (_is_text, "write 'real', '10x' (any factor), 'instant' or 'manual'"),
    "pinned": (_are_texts, "write a list of the names of scenarios"),
    "requests": (_is_text, _MODE),
    "cors": _FLAG,
    "keep_going": _FLAG,
    "stateful": _FLAG,
    "events": (_or_none(_is_text), _MODE),
    "allow_calls_to": (_are_texts, _HOSTS),
    "control_hosts": (_are_texts, _HOSTS),
    "control_token": (_or_none(_is_text), "write a text"),
    "sessions": (_or_none(_whole(1)), "write a number from 1"),
    "session_idle": (_or_none(_is_time), "write a duration such as '1h', or seconds"),
    "journal": (_whole(0), "write a number of entries; 0 keeps none"),
    "reload": _FLAG,
    "tls": (
        _or_none(_is_tls),
        "write 'self-signed', or the paths of a certificate and its key: ('cert.pem', 'key.pem')",
    ),
    "on_entry": (_or_none(callable), "give a function of a session's name and an entry"),
}
