"""Imports that wait until they are needed, one thread at a time."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

_imported: Final[dict[str, ModuleType]] = {}
_ONE_AT_A_TIME: Final = threading.RLock()


def late(name: str) -> ModuleType:
    """Return a module, which is imported when it is first asked for. Raises ImportError.

    Where two threads come into one package by different modules of it, each would wait for the
    other; Python shows one of them half of the package instead, and its import fails. So whatever
    a thread may import while another does goes through here.
    """
    module = _imported.get(name)
    if module is None:
        with _ONE_AT_A_TIME:
            module = _imported[name] = importlib.import_module(name)
    return module
