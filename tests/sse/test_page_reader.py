"""The reader of event streams that the pages bring: the same table as for the server's own."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from test_parse import STREAMS

from mockserver.sse.parse import Parser

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "mockserver" / "server" / "pages" / "control.js"
SIZES = [1, 2, 3, 7, 1_000_000]


@pytest.fixture(scope="module")
def read():
    """What the pages' reader makes of each stream, in pieces of each size."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    streams = [stream.hex() for stream, _ in STREAMS.values()]
    finished = subprocess.run(
        [program, HERE / "page_reader.mjs"],
        input=json.dumps({"script": str(SCRIPT), "streams": streams, "sizes": SIZES}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return dict(zip(STREAMS, json.loads(finished.stdout), strict=True))


@pytest.mark.parametrize("name", STREAMS)
def test_the_pages_read_to_the_letter(read, name):
    """Types, data and IDs are those of the table, and the reconnection time is the server's own."""
    stream, expected = STREAMS[name]
    parser = Parser()
    parser.feed(stream)
    events = [[event.type, event.data, event.last_event_id] for event in expected]
    assert [found for found, _ in read[name]] == [events] * len(SIZES)
    assert [time for _, time in read[name]] == [parser.reconnection_time] * len(SIZES)
