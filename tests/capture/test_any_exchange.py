"""Whatever is recorded is written such that it gives the same bytes, the same ends, the same times."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told import loaded, replayed, same

from mockserver.capture import Chunk, Exchange, Options, written
from mockserver.sse.parse import Parser

SSE = "text/event-stream"
LINE_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "{{", "}} {{ x }}", "{% if %}", "[DONE]", "null", "true", "- a", "é\u2028"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
DATA = st.one_of(
    TEXTS,
    JSON.map(json.dumps),
    JSON.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)),
)
LINES = st.one_of(
    st.builds("data: {}".format, DATA),
    st.builds("data:{}".format, DATA),
    st.builds("id: {}".format, st.integers(0, 30)),
    st.builds("id: {}".format, TEXTS),
    st.builds("event: {}".format, TEXTS),
    st.builds("retry: {}".format, st.one_of(st.integers(0, 9000), TEXTS)),
    st.builds(": {}".format, TEXTS),
    TEXTS,
)
BLOCKS = st.builds(
    lambda lines, end, blank: (end.join(lines) + end + blank * end).encode(),
    st.lists(LINES, max_size=4), LINE_ENDS, st.integers(1, 2),
)  # fmt: skip
JUNK = st.binary(max_size=6)
BODIES = st.builds(
    lambda mark, blocks, rest: mark + b"".join(blocks) + rest,
    st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
    st.lists(st.one_of(BLOCKS, BLOCKS, BLOCKS, JUNK), max_size=6),
    st.sampled_from([b"", b"", b"data: half", b"\xc5"]),
)
GAPS = st.one_of(st.just(0.0), st.integers(1, 3_000_000).map(lambda n: n / 1e6), st.just(15.0))
ENDS = st.sampled_from(["end", "cut", "reset", "client", "open"])


@st.composite
def connections(draw, after=0.0, last_id=""):
    """One connection to a stream, in chunks that part its bytes anywhere."""
    body, at = draw(BODIES), after
    answered = now = round(at + draw(GAPS), 6)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=5)))
    chunks = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        now = round(now + draw(GAPS), 6)
        if end > start:
            chunks.append(Chunk(now, body[start:end]))
    headers = (("Content-Type", SSE), ("X-Trace", draw(TEXTS)))
    asked = (("Last-Event-ID", last_id),) if last_id else ()
    return Exchange(
        at=at, target="/stream", request_headers=asked, answered=answered, headers=headers,
        chunks=tuple(chunks), ended=round(now + draw(GAPS), 6), end=draw(ENDS),
    )  # fmt: skip


@st.composite
def stories(draw):
    """A client's connections, one after another, each with the id that it has by then."""
    found, parser, now = [], Parser(), 1.0
    for _ in range(draw(st.integers(1, 3))):
        last_id = parser.last_event_id
        usable = last_id if last_id.isprintable() and last_id.strip() == last_id else ""
        one = draw(connections(now, usable))
        found.append(one)
        parser.restart()
        for chunk in one.chunks:
            parser.feed(chunk.data)
        now = round(one.ended + 1, 6)
    return found


def told(found, options):
    """Return what a recording says that it could not keep."""
    recording = written(found, None, options)
    return recording, [note for note in recording.notes if "does not replay" in note]


LONG = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@LONG
@given(stories(), st.booleans())
def test_a_story_is_replayed_as_it_was(found, exact):
    """Bytes and ends are the same, with `exact` the moments too; whatever differs is said."""
    recording, lost = told(found, Options(exact=exact))
    catalog = loaded(recording)
    assert not lost
    if len(catalog.programs) > 1:
        return  # who begins anew in the middle is told something else: another scenario's affair
    # Of stories that are alike but for their times only one is written.
    times = exact and catalog.programs["getStream"].connections == len(found)
    for answer, exchange in zip(replayed(catalog, found), found, strict=True):
        same(answer, exchange, times=times)
