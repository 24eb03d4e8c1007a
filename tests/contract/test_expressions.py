"""Runtime expressions: what they say of a request."""

from types import SimpleNamespace

import pytest

from mockserver.contract.expressions import ExpressionError, MissingError, read_text

# The request of the example in OAS 3.2 § Callback Object, and what its table says of it.
REQUEST = SimpleNamespace(
    scheme="http",
    method="POST",
    target="/subscribe/myevent?queryUrl=https://clientdomain.com/stillrunning",
    path={"eventType": "myevent", "a b": "spaced"},
    query={"queryUrl": "https://clientdomain.com/stillrunning", "empty": ""},
    headers={"host": "example.org", "content-type": "application/json"},
    body={
        "failedUrl": "https://clientdomain.com/failed",
        "successUrls": ["https://clientdomain.com/fast", "https://clientdomain.com/medium"],
        "a/b": {"m~n": 7, "": [True, 1.5, {"ü": "ö"}]},
        "": "empty name",
        "null": None,
        "0": "a name of digits",
    },
)
VALUES = {
    "$url": "http://example.org/subscribe/myevent?queryUrl=https://clientdomain.com/stillrunning",
    "$method": "POST",
    "$request.path.eventType": "myevent",
    "$request.path.a b": "spaced",
    "$request.query.queryUrl": "https://clientdomain.com/stillrunning",
    "$request.query.empty": "",
    "$request.header.content-type": "application/json",
    "$request.header.Content-Type": "application/json",
    "$request.body#/failedUrl": "https://clientdomain.com/failed",
    "$request.body#/successUrls/1": "https://clientdomain.com/medium",
    "$request.body#/": "empty name",
    "$request.body#/0": "a name of digits",
    "$request.body#/a~1b/m~0n": "7",
    "$request.body#/a~1b//0": "true",
    "$request.body#/a~1b//1": "1.5",
    "$request.body#/a~1b//2": '{"ü":"ö"}',
    "{$request.body#/failedUrl}": "https://clientdomain.com/failed",
    "{$request.query.queryUrl}/data?by={$method}": "https://clientdomain.com/stillrunning/data?by=POST",
    "http://notify.example/{id}": "http://notify.example/{id}",
    "": "",
}


@pytest.mark.parametrize(("source", "value"), VALUES.items())
def test_an_expression_says_what_the_request_has_there(source, value):
    """Alone, or in braces within a text; names of headers in any case."""
    assert value == read_text(source).filled(REQUEST)


@pytest.mark.parametrize(
    "body", ["a text", ["a", "list"], 7, False], ids=["text", "list", "number", "false"]
)
@pytest.mark.parametrize("source", ["$request.body", "$request.body#"])
def test_the_whole_body_keeps_its_kind(source, body):
    """Without a pointer, or with an empty one."""
    (expression,) = read_text(source).expressions

    assert expression.value(SimpleNamespace(body=body)) == body


MISSING = {
    "$request.path.id": "the request has no path parameter 'id'",
    "$request.query.failUrl": "the request has no query parameter 'failUrl'",
    "$request.header.X-Hook": "the request has no header 'x-hook'",
    "$request.body#/nobody": "the request's body has nothing at '/nobody'",
    "$request.body#/null": "the request's body has nothing at '/null'",
    "$request.body#/failedUrl/x": "the request's body has nothing at '/failedUrl/x'",
    "$request.body#/successUrls/2": "the request's body has nothing at '/successUrls/2'",
    "$request.body#/successUrls/01": "the request's body has nothing at '/successUrls/01'",
    "$request.body#/successUrls/-": "the request's body has nothing at '/successUrls/-'",
    "$request.body#/successUrls/99999999999999999999": (
        "the request's body has nothing at '/successUrls/99999999999999999999'"
    ),
}


@pytest.mark.parametrize(("source", "told"), MISSING.items())
def test_what_the_request_does_not_have_is_told(source, told):
    """Null counts as nothing: no URL can be made of it."""
    with pytest.raises(MissingError) as error:
        read_text(f"{{{source}}}/hook").filled(REQUEST)
    assert str(error.value) == told


def test_a_request_without_a_body_has_nothing_in_it():
    """Whatever the pointer."""
    with pytest.raises(MissingError, match="the request has no body"):
        read_text("$request.body").filled(SimpleNamespace(body=None))


WRONG = {
    "$statusCode": "$statusCode is a part of the answer, which is not known yet",
    "$response.header.Location": "$response.header.Location is a part of the answer, which is not known yet",
    "{$response.body#/id}": "$response.body#/id is a part of the answer, which is not known yet",
    "$request": "$request is no runtime expression",
    "$request.": "$request. is no runtime expression",
    "$request.cookie.x": "$request.cookie.x is no runtime expression",
    "$request.query.": "$request.query. is no runtime expression",
    "$request.body.url": "$request.body.url is no runtime expression",
    "$request.body#url": "$request.body#url: a JSON pointer begins with '/'",
    "$request.header.a b": "$request.header.a b: 'a b' is no header name",
    "$": "$ is no runtime expression",
    "http://x/{$nothing}": "$nothing is no runtime expression",
}


@pytest.mark.parametrize(("source", "told"), WRONG.items())
def test_what_is_no_expression_is_told(source, told):
    """And what only the answer would have."""
    with pytest.raises(ExpressionError) as error:
        read_text(source)
    assert str(error.value) == told
