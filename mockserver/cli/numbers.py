"""Numbers among the arguments of commands."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def whole(least: int, most: int = 999_999_999) -> Callable[[str], int]:
    """Return what reads a whole number from `least` to `most`, as argparse wants it."""

    def read(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) < 10
        if not digits or not least <= int(text) <= most:
            what = f"{text!r} is no number from {least} to {most}"
            raise argparse.ArgumentTypeError(what)
        return int(text)

    return read
