"""Secrets are replaced wherever they stand, always by the same; what is none stays as it is."""

import json

import pytest

from mockserver.capture import NO_MASKS, Chunk, Exchange, Masks, Options, written
from mockserver.capture.body import body_of
from mockserver.capture.masks import masked

JSON = (("Content-Type", "application/json"),)
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def exchange(**said):
    """Return an exchange with a JSON body; `body` may be bytes or data."""
    body = said.pop("body", {})
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(headers=said.pop("headers", JSON), chunks=(Chunk(0, raw),), **said)


def without(*found, masks=None):
    """Return exchanges and the data of their bodies without secrets, and the notes."""
    done = masked([(one, body_of(one)) for one in found], masks or Masks())
    return [(one, body.data) for one, body in done.exchanges], done.notes


BODIES = {
    "a password": ({"password": "hunter2"}, {"password": "masked-1"}),
    "names in other styles": (
        {"clientSecret": "aaaaaaaa", "api-key": "bbbbbbbb", "ACCESS_TOKEN": "cccccccc"},
        {"clientSecret": "masked-1", "api-key": "masked-2", "ACCESS_TOKEN": "masked-3"},
    ),
    "deep inside": ({"a": [{"user": {"pin": "4711"}}]}, {"a": [{"user": {"pin": "9001"}}]}),
    "a number": ({"cvc": 123}, {"cvc": 901}),
    "a card keeps its shape": (
        {"card_number": "4111 1111 1111 1111"}, {"card_number": "9000 0000 0000 0001"}
    ),
    "the same secret twice": (
        {"token": "abcdefgh1", "refresh_token": "abcdefgh1"},
        {"token": "masked-1", "refresh_token": "masked-1"},
    ),
    "under another name": (
        {"token": "abcdefgh1", "url": "/x?t=abcdefgh1"}, {"token": "masked-1", "url": "/x?t=masked-1"}
    ),
    "a key by its looks": (
        {"note": "use sk-live-abcdefghijklmnop12 today"}, {"note": "use sk-live-masked-1 today"}
    ),
    "a token by its looks": ({"x": "ghp_abcdefghijklmnopqrstu1"}, {"x": "ghp_masked-1"}),
    "an access key": ({"x": "AKIAABCDEFGHIJKLMNOP"}, {"x": "AKIAmasked-1"}),
    "a JWT": (
        {"x": "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"}, {"x": "masked-jwt-1"}
    ),
    "how many tokens is no secret": (
        {"max_tokens": 5, "usage": {"prompt_tokens": 12, "total_tokens": 20}, "max_token": 100},
        {"max_tokens": 5, "usage": {"prompt_tokens": 12, "total_tokens": 20}, "max_token": 100},
    ),
    "a page is no secret": ({"nextPageToken": "abcdefgh1"}, {"nextPageToken": "abcdefgh1"}),
    "the token of a model is none": (
        {"token": "Hello", "logprob": -0.5}, {"token": "Hello", "logprob": -0.5}
    ),
    "an empty one": ({"password": ""}, {"password": ""}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_has_no_secrets_any_more(body, expected):
    """By the names of members, and by what is known of how keys look."""
    ((_, data),), _ = without(exchange(body=body))
    assert json.loads(data) == expected


HEADERS = {
    "a bearer": (("Authorization", "Bearer abc"), "Bearer masked-1"),
    "basic": (("authorization", "Basic dXNlcjpwYXNz"), "Basic masked-1"),
    "a key": (("X-Api-Key", "abc"), "masked-1"),
    "any token": (("X-Shop-Auth-Token", "abc"), "masked-1"),
    "cookies": (("Cookie", "sid=abc; theme=dark"), "sid=masked-1; theme=masked-2"),
    "a proxy's": (("Proxy-Authorization", "Basic abc"), "Basic masked-1"),
    "nothing": (("Accept", "text/event-stream"), "text/event-stream"),
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers_that_carry_secrets_are_masked(header, expected):
    """Their scheme stays, so that a reader sees what they were."""
    ((one, _),), _ = without(exchange(request_headers=(header,)))
    assert one.request_headers == ((header[0], expected),)


def test_a_cookie_that_is_set_keeps_its_attributes():
    """And its name, by which the next request is known."""
    given = (("Set-Cookie", "sid=abcdefgh1; Path=/; HttpOnly"),)
    found, notes = without(
        exchange(target="/login", headers=given),
        exchange(request_headers=(("Cookie", "sid=abcdefgh1"),)),
    )
    assert found[0][0].headers == (("Set-Cookie", "sid=masked-1; Path=/; HttpOnly"),)
    assert found[1][0].request_headers == (("Cookie", "sid=masked-1"),)
    assert notes == [
        "masked: GET /login: the answer's header Set-Cookie",
        "masked: GET /: the request's header Cookie",
    ]


def test_queries_and_forms_are_masked_by_their_names():
    """Percent-encoded as they came; the others stay to the letter."""
    found, _ = without(
        exchange(
            method="POST", target="/a?api_key=x%2Fy&q=%7E1", request_headers=FORM,
            request_body=b"user=ann&password=a+b",
        )
    )  # fmt: skip
    one = found[0][0]
    assert one.target == "/a?api_key=masked-1&q=%7E1"
    assert one.request_body == b"user=ann&password=masked-2"


def test_a_secret_that_came_in_two_portions_is_masked():
    """Whatever parts the bytes; the replacement comes with the last of them."""
    one = Exchange(
        headers=(("Content-Type", "text/event-stream"),),
        chunks=(Chunk(1, b'data: {"token":"abc'), Chunk(2, b'defgh1"}\n\n')),
    )
    done = masked([(one, body_of(one))], Masks())
    ((_, body),) = done.exchanges
    assert body.chunks == (Chunk(1, b'data: {"token":'), Chunk(2, b'"masked-1"}\n\n'))


def test_names_can_be_added_and_all_be_switched_off():
    """A name is compared without case, dashes and underscores; `*` stands for anything."""
    one = exchange(body={"shopPin": "x", "password": "y"})
    ((_, data),), _ = without(one, masks=Masks(names=("shop-*",)))
    assert json.loads(data) == {"shopPin": "masked-1", "password": "masked-2"}
    ((_, data),), notes = without(one, masks=NO_MASKS)
    assert json.loads(data) == {"shopPin": "x", "password": "y"}
    assert notes == []


def test_a_body_that_cannot_be_read_is_said_to_be_as_it_was():
    """Nobody looks for secrets in what is coded in an unknown way."""
    one = exchange(headers=(*JSON, ("Content-Encoding", "br")), body=b"\x0b\x02\x80hi\x03")
    _, notes = without(one)
    assert notes == ["masked: GET /: nothing in the body, which is coded as 'br'"]


def test_no_secret_is_in_any_file():
    """Nor in names, conditions, descriptions and notes."""
    secrets = ["hunter2222", "sk-live-abcdefghijklmnop12", "tok_9f8e7d6c5b"]
    recording = written(
        [
            exchange(
                method="POST", target="/login?token=tok_9f8e7d6c5b", request_headers=JSON,
                request_body=b'{"password": "hunter2222", "user": "ann"}',
                body={"key": "sk-live-abcdefghijklmnop12"},
            ),
            exchange(target="/things/tok_9f8e7d6c5b", body={"a": "hunter2222"}),
            exchange(
                at=1, method="POST", target="/login?token=other12345", request_headers=JSON,
                request_body=b'{"password": "hunter2222", "user": "bob"}', body={"no": 1},
            ),
        ],
        None,
        Options(source="https://api.example.test"),
    )  # fmt: skip
    everything = [*recording.files, *recording.notes]
    everything += [content.decode() for content in recording.files.values()]
    assert [secret for secret in secrets for text in everything if secret in text] == []
    assert "when: {body: {user: bob}}" in "".join(everything)


TEXTS = {
    "a URL in JSON": ('{"url":"/s?access_token=ab&x=1"}', '{"url":"/s?access_token=masked-1&x=1"}'),
    "a URL in an event": ("data: /m?sessionId=a%2Fb\n\n", "data: /m?sessionId=masked-1\n\n"),
    "the code of OAuth": ("go to /x?code=abc&state=1", "go to /x?code=masked-1&state=1"),
    "the code of a callback": ("/oauth/callback?code=abc", "/oauth/callback?code=masked-1"),
    "an assignment": ("data: token=s3cr3t\n\n", "data: token=masked-1\n\n"),
    "a line": ("password: hunter\n", "password: masked-1\n"),
    "a header in a text": ("Authorization: Bearer x", "Authorization: Bearer masked-1"),
    "a short bearer": ('{"a":"Bearer tok55"}', '{"a":"Bearer masked-1"}'),
    "a short bearer with padding": ('{"a":"Bearer dG9rMQ=="}', '{"a":"Bearer masked-1"}'),
    "a member over two data lines": (
        'data: {"password":\ndata: "x y"}\n\n', 'data: {"password":\ndata: "masked-1"}\n\n'
    ),
    "an escaped name": ('{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"masked-1"}'),
    "JSON in JSON": (r'{"a":"{\"apiKey\":\"x\"}"}', r'{"a":"{\"apiKey\":\"masked-1\"}"}'),
    "an element": ("<a><password>x</password></a>", "<a><password>masked-1</password></a>"),
    "an attribute": ("<user password='x'/>", "<user password='masked-1'/>"),
    "a field of HTML": (
        '<input name="csrf_token" value="x">', '<input name="csrf_token" value="masked-1">'
    ),
    "a word of a script": ('const cfg = {apiKey: "x"}', 'const cfg = {apiKey: "masked-1"}'),
    "part of a form": (
        'Content-Disposition: form-data; name="password"\r\n\r\nx\r\n--B--',
        'Content-Disposition: form-data; name="password"\r\n\r\nmasked-1\r\n--B--',
    ),
}  # fmt: skip
STAY = [
    "Enter your password: please do not write it down",
    "The token: a word",
    "password: required",
    "token=getToken(); sid=a; password=e.target.value;",
    "Bearer tokens are tokens of the bearer",
    'Bearer realm="shop", error="invalid_token"',
    '<input type="text" name="city" value="Prague"><label for="password">Password</label>',
    '<input type="password" name="password" placeholder="Password">',
    "/list?page=2&pageToken=abc&code=404",
    '{"token":"Hello","logprob":-0.5}',
    'data: {"token":\ndata: "Hello",\ndata: "logprob":-0.5}\n\n',
    "event: token\ndata: Hello\n\n",
    "max_tokens=5 tokens: 12 keys: a, b",
]


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_a_text_has_no_secrets_any_more(text, expected):
    """In whatever way a name stands beside its value."""
    ((_, data),), notes = without(exchange(body=text.encode()))
    assert data.decode() == expected
    assert len(notes) == 1


@pytest.mark.parametrize("text", STAY)
def test_words_stay_what_they_are(text):
    """A name alone makes no secret of what a sentence or a program says next."""
    ((_, data),), notes = without(exchange(body=text.encode()))
    assert (data.decode(), notes) == (text, [])


def test_urls_in_headers_are_masked():
    """Where a browser comes from, and where it is sent."""
    found, notes = without(
        exchange(
            request_headers=(("Referer", "http://x.test/?token=ab"),),
            headers=(("Location", "/cb?code=cd&x=1"), ("Link", "</n?page=2>; rel=next")),
        )
    )
    one = found[0][0]
    assert one.request_headers == (("Referer", "http://x.test/?token=masked-1"),)
    assert one.headers[0] == ("Location", "/cb?code=masked-2&x=1")
    assert one.headers[1] == ("Link", "</n?page=2>; rel=next")
    assert notes == [
        "masked: GET /: the request's header Referer",
        "masked: GET /: the answer's header Location",
    ]


def test_a_form_is_masked_once():
    """A secret of a form has the replacement that it has everywhere."""
    found, _ = without(
        exchange(
            method="POST", request_headers=FORM, request_body=b"password=abcdefgh1&x=%7E",
            body={"password": "abcdefgh1"},
        )
    )  # fmt: skip
    assert found[0][0].request_body == b"password=masked-1&x=%7E"
    assert found[0][1] == b'{"password": "masked-1"}'


def test_a_body_that_is_no_utf_8_has_no_secrets_any_more():
    """Nor with letters that are of its own coding."""
    body = '{"password": "g\xfcnther-42", "city": "K\xf6ln"}'.encode("latin-1")
    ((_, data),), notes = without(exchange(body=body))
    assert data == '{"password": "masked-1", "city": "K\xf6ln"}'.encode("latin-1")
    assert notes == ["masked: GET /: the answer's body, password"]


def test_of_secrets_that_begin_alike_the_longer_one_is_replaced():
    """Wherever it stands; nothing of it is left behind the replacement of the shorter one."""
    short, long = "abcdefgh1", "abcdefgh1-more"
    body = {"token": short, "secret": long, "text": f"{long} and {short}, zz"}
    ((_, data),), _ = without(exchange(body=body))
    assert json.loads(data)["text"] == "masked-2 and masked-1, zz"
