"""Bodies are read alike however their bytes are cut, and as another reader of HTTP reads them."""

import h11
import pytest

from mockserver.upstream.bodies import MAX_LINE, Chunked, Measured, UntilClosed

CHUNKED = {
    # bytes: the body, whether it has ended, trailers, whether there is a fault
    "two": (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", True, b"", False),
    "extensions": (b'3;a="b";c\r\nabc\r\n0;x\r\n\r\n', b"abc", True, b"", False),
    "trailers": (b"1\r\na\r\n0\r\nA: 1\r\nB: 2\r\n\r\n", b"a", True, b"A: 1\r\nB: 2\r\n", False),
    "zeros and capitals": (b"00A\r\n0123456789\r\n000\r\n\r\n", b"0123456789", True, b"", False),
    "line ends within": (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n", True, b"", False),
    "what follows is not its": (b"1\r\na\r\n0\r\n\r\nHTTP/1.1", b"a", True, b"", False),
    "cut in a chunk": (b"5\r\nabc", b"abc", False, b"", False),
    "cut before its end": (b"3\r\nabc\r", b"abc", False, b"", False),
    "cut in a size": (b"3\r\nabc\r\n1", b"abc", False, b"", False),
    "cut in trailers": (b"3\r\nabc\r\n0\r\n", b"abc", False, b"", False),
    "no size": (b"3\r\nabc\r\nxyz\r\n", b"abc", False, b"", True),
    "a sign": (b"+3\r\nabc\r\n", b"", False, b"", True),
    "an underscore": (b"1_0\r\nabc\r\n", b"", False, b"", True),
    "longer than said": (b"3\r\nabcd\r\n0\r\n\r\n", b"abc", False, b"", True),
    "an endless size": (b"1" * (MAX_LINE + 1), b"", False, b"", True),
}


@pytest.mark.parametrize("piece", [1, 2, 1 << 20])
@pytest.mark.parametrize(
    ("data", "body", "ended", "trailers", "broken"), CHUNKED.values(), ids=CHUNKED
)
def test_chunks_are_taken_apart(data, body, ended, trailers, broken, piece):
    """Whole, and in pieces of one and two bytes; nothing before a fault is lost."""
    reader, found = Chunked(), b""
    for start in range(0, len(data), piece):
        if reader.ended or reader.fault:
            break
        found += reader.feed(data[start : start + piece])
    assert (found, reader.ended, bool(reader.fault)) == (body, ended, broken)
    assert trailers == (reader.trailers if ended else b"")


@pytest.mark.parametrize("name", [name for name, case in CHUNKED.items() if not case[4]])
def test_another_reader_reads_the_same(name):
    """h11, of what is framed as it should be."""
    data, body, ended, _, _ = CHUNKED[name]
    other = h11.Connection(h11.CLIENT)
    other.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    other.send(h11.EndOfMessage())
    other.receive_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    found, over = b"", False
    while (event := other.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        found += bytes(event.data) if isinstance(event, h11.Data) else b""
        over = over or isinstance(event, h11.EndOfMessage)
        if over:
            break
    assert (found, over) == (body, ended)


def test_a_length_is_kept_to():
    """What comes behind it is not the body's."""
    reader = Measured(3)
    assert [reader.feed(b"ab"), reader.ended, reader.feed(b"cd"), reader.ended] == [
        b"ab",
        False,
        b"c",
        True,
    ]
    assert Measured(0).ended


def test_a_body_without_a_length_is_all_that_comes():
    """It never ends by itself."""
    reader = UntilClosed()
    assert (reader.feed(b"ab"), reader.ended) == (b"ab", False)
