"""The formats of JSON Schema that values are held to."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from mockserver.late import late

FORMATS: Final = ("date", "date-time", "email", "ipv4", "ipv6", "time", "uuid")
"""The formats that are checked: those of which there is one reading (RFC 3339, 4122, …)."""


@lru_cache(maxsize=1)
def checker() -> Any:
    """Return what a validator checks formats by: as JSON Schema 2020-12 reads them."""
    library = late("jsonschema")  # 50 ms
    # Those of `FormatChecker` itself are of several drafts: its `time` is that of draft 3.
    known = library.Draft202012Validator.FORMAT_CHECKER.checkers
    made = library.FormatChecker(())
    made.checkers = {name: known[name] for name in FORMATS if name in known}
    return made
