r"""Takes out of a file what curl says of its progress: its meter, or the bar of `-#`.

They go where the errors go. With `2>&1` they share lines with what was received, in front of it or
in the middle of it, so that only they may go and not their lines:

    \r100    21    0    21    0     0     16      0 --:--:--  0:00:01 --:--:--    16id: 2
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final

_NAMES: Final = (
    rb"[ \r]{0,4}% Total +% Received % Xferd +Average Speed +Time +Time +Time +Current\r?\n"
    rb" +Dload +Upload +Total +Spent +Left +Speed\r?\n"
)
_START: Final = rb"(?:\r|(?<=\n))[ \d]{2}\d "
"""Where a line of the meter begins, and how many parts of a hundred there are."""
_WIDE: Final = _START + rb"[ \d.kMGTPE]{43}(?:[ \d:dhmy]{7} ){3}[ \d.kMGTPE]{5}[\dkMGTPE]"
"""As curl 8.18 and later print it, in columns of six and seven."""
_NARROW: Final = _START + rb"[ \d.kMGTPE]{42}(?:[ \d:dh-]{8} ){3}[ \d.kMGTPE]{4}[\dkMGTPE]"
"""As those before do, in columns of five and eight."""
_SHARE: Final = rb"\r#* +\d{1,3}\.\d%"
"""The bar of `-#` where the length is known; where it is not, a sign flies to and fro."""
_FLIGHT: Final = re.compile(rb"(?:\A|[\r\n])(?=[-=O ]*#)([-#=O ]{19,255})\r")
"""The first picture of that, as wide as the terminal was."""
_CURL: Final = re.compile(
    rb"(?:\d\d:\d\d:\d\d\.\d{6} )?(?:[*<>] |[{}] \[\d|== Info: |[<=][=>] )|curl: \(|HTTP/\d"
)
"""What curl says in lines of its own, and heads."""
_LOOKED_AT: Final = 64 * 1024


def lines_without(data: bytes) -> list[tuple[int, bytes]]:
    """Return the lines with their LF, and the number of the line of the file where each begins.

    What the meter parted is put together again; what curl says itself begins a line.
    """
    lines: list[tuple[int, bytes]] = []
    start, number, joins = 0, 1, False
    for said in _progress(data).finditer(data):
        number = _add(lines, data[start : said.start()], number, joins=joins)
        number += said[0].count(b"\n")
        start = said.end()
        joins = not (said["names"] or said["over"] or _CURL.match(data, start))
    _add(lines, data[start:], number, joins=joins)
    return lines


def without(data: bytes) -> bytes:
    """Return what was received, where curl said nothing else than its progress."""
    if _progress(data).search(data) is None:
        return data
    return b"".join(line for _, line in lines_without(data))


def _progress(data: bytes) -> re.Pattern[bytes]:
    """Return what finds all that is said of progress; `over` is the LF behind the last of it."""
    ways = [_WIDE, _NARROW, _SHARE]
    if flight := _FLIGHT.search(data[:_LOOKED_AT]):
        ways.append(rb"(?=[-=O ]{0,255}#)[-#=O ]{%d}\r" % len(flight[1]))
    over = rb"(?P<over>\r?\n(?=%b|[ \r]{0,4}%% Total|\Z))?" % _CURL.pattern
    return re.compile(rb"(?P<names>%b)|(?:%b)+%b" % (_NAMES, b"|".join(ways), over))


def _add(lines: list[tuple[int, bytes]], text: bytes, number: int, *, joins: bool) -> int:
    """Add the lines of a text that begins in that line of the file; return where it ends."""
    for line in BytesIO(text):
        if joins and lines and not lines[-1][1].endswith(b"\n"):
            lines[-1] = (lines[-1][0], lines[-1][1] + line)
        else:
            lines.append((number, line))
        number += line.endswith(b"\n")
    return number
