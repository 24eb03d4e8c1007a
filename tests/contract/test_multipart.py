"""The parts of multipart bodies, as browsers, curl and libraries write them."""

import pytest

from mockserver.contract.requests.multipart import MultipartError, fields, header_parameters, parts

PARAMETERS = {
    "plain": ("multipart/form-data; boundary=abc", {"boundary": "abc"}),
    "quoted": ('form-data; name="a b"; filename="x;y.png"', {"name": "a b", "filename": "x;y.png"}),
    "escaped": (r'form-data; name="a \"b\" \\"', {"name": r'a "b" \ '.strip()}),
    "in any case": ("text/plain;Charset=UTF-8", {"charset": "UTF-8"}),
    "with an equals sign": ("multipart/mixed; boundary=a=b", {"boundary": "a=b"}),
    "the first of two": ("a/b; c=1; c=2", {"c": "1"}),
    "none": ("text/plain", {}),
    "malformed": (";=;;a", {}),
}


@pytest.mark.parametrize(("header", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_the_parameters_of_a_header_are_read(header, expected):
    """RFC 9110 § 5.6.6: names have no case, values may be quoted."""
    assert expected == header_parameters(header)


def body(*lines):
    """Join lines as they are on the wire."""
    return "\r\n".join(lines).encode()


HEAD = 'Content-Disposition: form-data; name="a"'

# The body, and name, filename, media type and content of each part.
BODIES = {
    "one field": (body("--b", HEAD, "", "1", "--b--", ""), [("a", None, None, b"1")]),
    "a content with line ends": (
        body("--b", HEAD, "", "1\r\n\r\n2\r\n", "--b--"), [("a", None, None, b"1\r\n\r\n2\r\n")],
    ),
    "a content with a boundary in it": (
        body("--b", HEAD, "", "x--b--x", "--b--"), [("a", None, None, b"x--b--x")],
    ),
    "nothing in it": (body("--b", HEAD, "", "", "--b--"), [("a", None, None, b"")]),
    "a file": (
        body("--b", f'{HEAD}; filename="x.png"', "content-type: image/png", "", "1", "--b--"),
        [("a", "x.png", "image/png", b"1")],
    ),
    "a name as browsers escape it": (
        body("--b", 'Content-Disposition: form-data; name="a%22b%0D%0A"; filename="%22"', "", "1", "--b--"),
        [('a"b\r\n', '"', None, b"1")],
    ),
    "a file name as RFC 8187 writes it": (
        body("--b", f"{HEAD}; filename*=UTF-8''l%C3%BCna.png", "", "1", "--b--"),
        [("a", "lüna.png", None, b"1")],
    ),
    "what stands around the parts": (
        body("before", "--b", HEAD, "", "1", "--b--", "after"), [("a", None, None, b"1")],
    ),
    "spaces behind a boundary": (body("--b  ", HEAD, "", "1", "--b--"), [("a", None, None, b"1")]),
    "a part without headers": (body("--b", "", "1", "--b--"), [("", None, None, b"1")]),
    "no parts": (body("--b--"), []),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_is_taken_apart(raw, expected):
    """Contents are bytes, to the last of them."""
    found = parts(raw, "multipart/form-data; boundary=b")
    assert expected == [(p.name, p.filename, p.media_type, p.content) for p in found]


BROKEN = {
    "no boundary": ("multipart/form-data", b"--b--", "no boundary"),
    "an empty boundary": ('multipart/form-data; boundary=""', b"--b--", "no boundary"),
    "another boundary": ("multipart/form-data; boundary=c", b"--b--", "not in it"),
    "no end": ("multipart/form-data; boundary=b", body("--b", HEAD, "", "1"), "last boundary"),
    "no end of headers": ("multipart/form-data; boundary=b", body("--b", HEAD, "--b--"), "headers"),
    "too many parts": (
        "multipart/form-data; boundary=b", body("--b", "", "1", "") * 10_001, "more than 10,000",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "raw", "what"), BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_not_made_of_parts_is_told(kind, raw, what):
    """A sentence says what is missing."""
    with pytest.raises(MultipartError, match=what):
        parts(raw, kind)


def test_fields_are_the_first_of_their_name():
    """Of a file what is known without its content."""
    raw = body(
        "--b", HEAD, "", "1", "--b", HEAD, "", "2",
        "--b", 'Content-Disposition: form-data; name="f"; filename=""', "", "xyz", "--b--",
    )  # fmt: skip
    assert fields(parts(raw, "multipart/form-data; boundary=b")) == {
        "a": "1",
        "f": {"filename": "", "content_type": "application/octet-stream", "size": 3},
    }
