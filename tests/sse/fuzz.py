"""Streams made to be misread, read by three: the parser, the standard's letter, and httpx-sse.

    python tests/sse/fuzz.py --strings 10000000 --seed 7 --jobs 2

tells the seed, what was compared, and every difference with what makes it again; it exits with 1 if
there was one. `tests/sse/test_fuzz.py` does a few seconds of the same.
"""

from __future__ import annotations

import argparse
import codecs
import dataclasses
import itertools
import multiprocessing
import random
import re
import sys
import time

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from mockserver.sse.parse import Dispatched, Parser

BLOCK = 5_000
"""Strings that come from one generator: `seed/block` makes them again, whatever the jobs."""

# What one event source had: the events of its streams, and what it keeps between them.
Reading = tuple[list[Dispatched], str, int | None]


# The strings.

_NAMES = (
    [b"data"] * 12 + [b"id"] * 6 + [b"event"] * 4 + [b"retry"] * 4 + [b""] * 4
    + [b"Data", b"dat", b"datas", b" data", b"data ", b"data\0", b"\0data", b"id\t", b"ID"]
    + [b"event\xef", b"\xef\xbb\xbfdata", b"\xef\xbbdata", b"\xc3\xa9", b"re\x85try", b"i", b"d\rata"]
)  # fmt: skip
_COLONS = (
    [b":"] * 6 + [b": "] * 6 + [b""] * 3 + [b":  ", b"::", b" :", b":\t", b":\xc2\xa0", b"\0:"]
)
_NUMBERS = [b"1" * 301, b"0" * 301 + b"5"]
_VALUES = 8 * (
    [b""] * 6 + [b"a", b"b", b"x y", b" ", b":", b"0", b"1", b"7", b"42", b"007", b"1500"] * 2
    + [b"9" * 20, b"0" * 5, b"+1", b"-1", b"1_0", b"1.5", b"\0", b"\0\0"]
    + ["€".encode(), "😀".encode(), "٣".encode(), "５".encode(), "²".encode(), b"\xef\xbb\xbf"]
    + ["\u2028".encode(), "\u2029".encode(), b"\xc2\x85", b"\x85", b"\x0b", b"\x0c", b"\x1c", b"\x1e"]
    + [b"\xef", b"\xef\xbb", b"\xe2\x82", b"\xf0\x9f", b"\xf0\x9f\x98", b"\x80", b"\xbf", b"\xff", b"\xc0"]
    + [b"\xc0\x8a", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80", b"\xe0\xa0", b"\xfe"]
) + _NUMBERS  # fmt: skip
_ENDS = (
    [b"\n"] * 6 + [b"\r\n"] * 5 + [b"\r"] * 5 + [b"\n\n"] * 6 + [b"\r\n\r\n"] * 4 + [b"\r\r"] * 4
    + [b"\n\r", b"\r\n\n", b"\n\r\n", b"\r\r\n", b""]
)  # fmt: skip
_HEADS = (
    [b""] * 12 + [b"\xef\xbb\xbf"] * 3 + [b"\xef\xbb\xbf" * 2, b"\xef", b"\xef\xbb", b"\n", b"\r"]
)
_ANYTHING = _NAMES * 4 + _COLONS * 8 + _VALUES + _ENDS * 16


def _stream(rng: random.Random) -> bytes:
    """Make a stream: mostly lines, now and then whatever parts of lines in any order."""
    length = rng.randrange(1, 9)
    if rng.random() < 0.25:
        return rng.choice(_HEADS) + b"".join(rng.choices(_ANYTHING, k=4 * length))
    lines = zip(
        rng.choices(_NAMES, k=length),
        rng.choices(_COLONS, k=length),
        rng.choices(_VALUES, k=length),
        rng.choices(_VALUES, k=length),
        rng.choices(_ENDS, k=length),
        strict=True,
    )
    return rng.choice(_HEADS) + b"".join(itertools.chain.from_iterable(lines))


def _cut(stream: bytes, rng: random.Random) -> list[bytes]:
    """Cut a stream at some places, or everywhere; pieces may be empty."""
    if rng.random() < 0.15:
        return [stream[at : at + 1] for at in range(len(stream))]
    places = sorted(rng.choices(range(len(stream) + 1), k=rng.randrange(6)))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def _connections(rng: random.Random) -> list[list[bytes]]:
    """Make what one event source gets: one stream, or a few, each in pieces."""
    count = 1 if rng.random() < 0.7 else rng.randrange(2, 4)
    return [_cut(_stream(rng), rng) for _ in range(count)]


# The three readers.


def parsed(connections: list[list[bytes]]) -> Reading:
    """Read with the parser that is tested, chunk by chunk."""
    parser = Parser()
    events: list[Dispatched] = []
    for chunks in connections:
        parser.restart()
        for chunk in chunks:
            events += parser.feed(chunk)
    return events, parser.last_event_id, parser.reconnection_time


def by_the_letter(connections: list[list[bytes]]) -> Reading:
    """Read whole streams as § 9.2.6 puts it, sentence by sentence, with no thought of speed.

    The last event ID buffer begins with the event source's string, as in browsers; a `retry`
    without digits is ignored, as in browsers; one of more than 300 is 10 to the 300, as here.
    """
    events: list[Dispatched] = []
    last_event_id, reconnection_time = "", None
    for chunks in connections:
        text = utf8_decode(b"".join(chunks)).removeprefix("\ufeff")
        data, event_type, id_buffer = "", "", last_event_id
        for line in re.split("\r\n|\r|\n", text)[:-1]:
            if line == "":
                last_event_id = id_buffer
                if data != "":
                    events.append(Dispatched(event_type or "message", data[:-1], last_event_id))
                data = event_type = ""
                continue
            if line[0] == ":":
                continue
            field, value = _field(line)
            if field == "event":
                event_type = value
            if field == "data":
                data += value + "\n"
            if field == "id" and "\0" not in value:
                id_buffer = value
            if field == "retry" and re.fullmatch("[0-9]+", value):
                reconnection_time = _number(value)
    return events, last_event_id, reconnection_time


def _field(line: str) -> tuple[str, str]:
    """Take a line apart that is neither blank nor a comment."""
    if ":" not in line:
        return line, ""
    colon = line.index(":")
    return line[:colon], line[colon + 1 :].removeprefix(" ")


def _number(digits: str) -> int:
    """Interpret digits in base ten, within the bound."""
    digits = re.sub("^0+", "", digits)
    return int("0" + digits) if len(digits) <= 300 else 10**300


def by_httpx_sse(connections: list[list[bytes]]) -> list[tuple[str, str, str]]:
    """Read with httpx-sse, and leave out what it does on purpose, or not at all.

    - It takes text and knows no byte order mark: Python's incremental decoder `utf-8-sig` is put
      before it, as httpx would put `utf-8`.
    - It holds back a line that ends with a chunk's last CR until more comes or `flush` is called.
      At the end of a stream that line is asked for; an incomplete one, which `flush` would give as
      if it were whole, is not.
    - It returns an event for every block after which a type, an ID or a retry is known: those
      without a data line are left out.
    - `retry` is whatever `int` takes (signs, underscores, spaces, any digits) and is told with the
      next event: it is left out.
    - It reads one response: the last event ID is handed over to the next with an `id` line.
    """
    events = []
    last_event_id = ""
    for chunks in connections:
        text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        lines, blocks = SSELineDecoder(), SSEDecoder()
        blocks.decode(f"id: {last_event_id}")
        decoded = [text.decode(chunk) for chunk in chunks]
        found = [line for part in decoded for line in lines.decode(part)]
        if lines.trailing_cr:
            found += lines.flush()
        has_data = False
        for line in found:
            event = blocks.decode(line)
            if event is not None and has_data:
                events.append((event.event, event.data, event.id))
            if not line:
                last_event_id = "" if event is None else event.id
            has_data = bool(line) and (has_data or line.partition(":")[0] == "data")
    return events


def utf8_decode(data: bytes) -> str:
    """Decode by the algorithm of Encoding § 8.1.1, byte by byte, with errors replaced."""
    text: list[str] = []
    code_point = seen = needed = 0
    lower, upper = 0x80, 0xBF
    at = 0
    while at < len(data):
        byte = data[at]
        at += 1
        if needed == 0:
            if byte <= 0x7F:
                text.append(chr(byte))
            elif 0xC2 <= byte <= 0xDF:
                needed, code_point = 1, byte & 0x1F
            elif 0xE0 <= byte <= 0xEF:
                lower = 0xA0 if byte == 0xE0 else lower
                upper = 0x9F if byte == 0xED else upper
                needed, code_point = 2, byte & 0xF
            elif 0xF0 <= byte <= 0xF4:
                lower = 0x90 if byte == 0xF0 else lower
                upper = 0x8F if byte == 0xF4 else upper
                needed, code_point = 3, byte & 0x7
            else:
                text.append("\ufffd")
            continue
        if not lower <= byte <= upper:
            code_point = seen = needed = 0
            lower, upper = 0x80, 0xBF
            at -= 1  # "Restore byte to ioQueue."
            text.append("\ufffd")
            continue
        lower, upper = 0x80, 0xBF
        code_point = code_point << 6 | byte & 0x3F
        seen += 1
        if seen == needed:
            text.append(chr(code_point))
            code_point = seen = needed = 0
    if needed:
        text.append("\ufffd")
    return "".join(text)


# The comparison.


@dataclasses.dataclass
class Tally:
    """What was compared, and what differed."""

    strings: int = 0
    octets: int = 0
    events: int = 0
    differences: list[str] = dataclasses.field(default_factory=list)


def difference(connections: list[list[bytes]]) -> tuple[str, int]:
    """Say how the readers differ over some streams, "" if they do not; and count the events."""
    ours = parsed(connections)
    events = ours[0]
    letter = by_the_letter(connections)
    if ours != letter:
        return f"{connections}\n  parser:   {ours}\n  standard: {letter}", len(events)
    theirs = by_httpx_sse(connections)
    if [(event.type, event.data, event.last_event_id) for event in events] != theirs:
        return f"{connections}\n  parser:    {events}\n  httpx-sse: {theirs}", len(events)
    return "", len(events)


def compare(seed: int, block: int, strings: int) -> Tally:
    """Compare the readers over the first `strings` strings of a block."""
    rng = random.Random(f"{seed}/{block}")
    tally = Tally()
    while tally.strings < strings:
        connections = _connections(rng)
        differs, events = difference(connections)
        if differs:
            where = f"seed {seed}, block {block}, after {tally.strings} strings"
            tally.differences.append(f"{where}: {differs}")
        tally.strings += len(connections)
        tally.octets += sum(len(chunk) for chunks in connections for chunk in chunks)
        tally.events += events
    return tally


def _compare(task: tuple[int, int, int]) -> Tally:
    return compare(*task)


def main() -> int:
    """Compare as many strings as were asked for, in some processes."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--strings", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=None, help="a fresh one if not given")
    options.add_argument("--jobs", type=int, default=1)
    given = options.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n")

    total, begun = Tally(), time.perf_counter()
    tasks = [
        (seed, block, min(BLOCK, given.strings - at))
        for block, at in enumerate(range(0, given.strings, BLOCK))
    ]
    with multiprocessing.Pool(given.jobs) as pool:
        for tally in pool.imap_unordered(_compare, tasks):
            total.strings += tally.strings
            total.octets += tally.octets
            total.events += tally.events
            total.differences += tally.differences
            for told in tally.differences[:3]:
                sys.stdout.write(f"{told}\n")
                sys.stdout.flush()
    sys.stdout.write(
        f"seed {seed}: {total.strings} strings, {total.octets} bytes, {total.events} events, "
        f"{time.perf_counter() - begun:.0f} s, {len(total.differences)} differences\n"
    )
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main())
