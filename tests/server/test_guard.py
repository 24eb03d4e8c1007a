"""Who may use the control API, and who must not."""

import pytest
from aiohttp.test_utils import make_mocked_request
from clients import RawClient, serving

from mockserver.errors import ControlError
from mockserver.server.control import Guard

LOCAL = {"Host": "127.0.0.1:8080"}
STORY = "operation: streamLogs\nstream: [{data: a}]"


class Peer:
    """A transport of which only the address is asked."""

    def __init__(self, address):
        self.address = address

    def get_extra_info(self, name, default=None):
        """Return the address."""
        return (self.address, 40_000) if name == "peername" else default

    def is_closing(self):
        """Tell that it is open."""
        return False


def refusal(guard, headers, peer="127.0.0.1", *, page=False):
    """Return the code that a request is refused with, or None."""
    request = make_mocked_request("POST", "/_mock/reload", headers, transport=Peer(peer))
    try:
        guard.check(request, page=page)
    except ControlError as error:
        return error.status, error.code
    return None


ELSEWHERE = (403, "control-from-elsewhere")
HOST = (403, "foreign-host")
ORIGIN = (403, "foreign-origin")
TOKEN = (401, "missing-control-token")
MINE = Guard()
NAMED = Guard(hosts=["mock", "ci.test"])
ANY = Guard(hosts=["*"])
SECRET = Guard(token="s3cret")
CASES = {
    "here": (MINE, LOCAL, "127.0.0.1", None),
    "here, by name": (MINE, {"Host": "localhost:1"}, "127.0.0.1", None),
    "here, by a name below localhost": (MINE, {"Host": "a.localhost"}, "127.0.0.1", None),
    "here, by IPv6": (MINE, {"Host": "[::1]:8080"}, "::1", None),
    "here, by IPv4 in IPv6": (MINE, LOCAL, "::ffff:127.0.0.1", None),
    "here, another of our addresses": (MINE, {"Host": "127.8.9.1"}, "127.8.9.1", None),
    "here, by the address that we listen on": (
        Guard(own="0.0.0.0"), {"Host": "0.0.0.0:8080"}, "127.0.0.1", None,
    ),
    "here, HTTP/1.0": (MINE, {}, "127.0.0.1", None),
    "another machine": (MINE, LOCAL, "192.0.2.7", ELSEWHERE),
    "another machine that says it is here": (MINE, {"Host": "localhost"}, "192.0.2.7", ELSEWHERE),
    "a name made to lead here": (MINE, {"Host": "evil.example"}, "127.0.0.1", HOST),
    "a name that looks like ours": (MINE, {"Host": "localhost.evil.example"}, "127.0.0.1", HOST),
    "a name that begins like our address": (MINE, {"Host": "127.0.0.1.nip.test"}, "127.0.0.1", HOST),
    "no name at all": (MINE, {"Host": "[x"}, "127.0.0.1", HOST),
    "a page here": (MINE, LOCAL | {"Origin": "http://localhost:5173"}, "127.0.0.1", None),
    "a page elsewhere": (MINE, LOCAL | {"Origin": "https://evil.example"}, "127.0.0.1", ORIGIN),
    "a page of no origin": (MINE, LOCAL | {"Origin": "null"}, "127.0.0.1", ORIGIN),
    "an image of a page elsewhere": (
        MINE, LOCAL | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        "127.0.0.1", ORIGIN,
    ),
    "a link of a page elsewhere": (
        MINE, LOCAL | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        "127.0.0.1", None,
    ),
    "allowed by name": (NAMED, {"Host": "MOCK:8080"}, "192.0.2.7", None),
    "allowed by name, a page of that host": (
        NAMED, {"Host": "ci.test", "Origin": "http://ci.test:3000"}, "192.0.2.7", None,
    ),
    "allowed by name, a page elsewhere": (
        NAMED, {"Host": "ci.test", "Origin": "https://evil.example"}, "192.0.2.7", ORIGIN,
    ),
    "allowed are others": (NAMED, {"Host": "other.test"}, "192.0.2.7", ELSEWHERE),
    "any name": (ANY, {"Host": "whatever"}, "192.0.2.7", None),
    "with the token": (SECRET, {"Host": "x", "Authorization": "bearer s3cret"}, "192.0.2.7", None),
    "without the token, even here": (SECRET, LOCAL, "127.0.0.1", TOKEN),
    "with another": (SECRET, LOCAL | {"Authorization": "Bearer s3cre"}, "127.0.0.1", TOKEN),
    "with it in another scheme": (SECRET, LOCAL | {"Authorization": "Basic s3cret"}, "127.0.0.1", TOKEN),
}  # fmt: skip


@pytest.mark.parametrize(("guard", "headers", "peer", "expected"), CASES.values(), ids=CASES)
def test_who_may_use_the_control_api(guard, headers, peer, expected):
    """By machine, by name, by page, by token."""
    assert refusal(guard, headers, peer) == expected


PAGES = {
    "here": (LOCAL, "127.0.0.1", None),
    "another machine, by address": ({"Host": "192.0.2.1:8080"}, "192.0.2.7", None),
    "another machine, by IPv6": ({"Host": "[2001:db8::1]:8080"}, "2001:db8::7", None),
    "another machine, by an allowed name": ({"Host": "mock"}, "192.0.2.7", None),
    "HTTP/1.0": ({}, "127.0.0.1", None),
    "a name made to lead here": ({"Host": "evil.example"}, "127.0.0.1", HOST),
    "a name of an address": ({"Host": "127.0.0.1.nip.test"}, "127.0.0.1", HOST),
    "no name at all": ({"Host": "[x"}, "127.0.0.1", HOST),
    "a script of a page elsewhere": (
        LOCAL | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "127.0.0.1", ORIGIN,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "peer", "expected"), PAGES.values(), ids=PAGES)
def test_who_may_open_a_page_that_asks_for_the_token(headers, peer, expected):
    """Whoever comes by a name that nobody else can own: the token is typed in there."""
    guard = Guard(hosts=["mock"], token="s3cret")
    assert refusal(guard, headers, peer, page=True) == expected


@pytest.mark.parametrize(("guard", "headers", "peer", "expected"), CASES.values(), ids=CASES)
def test_without_a_token_pages_are_like_all_else(guard, headers, peer, expected):
    """By machine, by name, by page."""
    if guard.token is None:
        assert refusal(guard, headers, peer, page=True) == expected


async def test_the_host_of_a_target_in_absolute_form_goes_first(tmp_path):
    """RFC 9112 § 3.2.2."""
    async with serving(tmp_path, STORY) as server:
        answers = []
        for host in ("evil.example", "localhost"):
            client = await RawClient.connect(server)
            await client.send(f"http://{host}/_mock/sessions", "Connection: close")
            answers.append((await client.rest()).status)
    assert answers == [403, 200]


@pytest.mark.parametrize(
    ("path", "status"), [("health", 200), ("ready", 200), ("version", 200), ("sessions", 403)]
)
async def test_a_foreign_name_sees_only_whether_we_are_up(tmp_path, path, status):
    """On the wire: a probe may ask by any name; streams answer by any name, too."""
    async with serving(tmp_path, STORY) as server:
        client = await RawClient.connect(server)
        request = f"GET /_mock/{path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        client.writer.write(request.encode())
        received = await client.rest()
    assert received.status == status


async def test_a_foreign_page_is_not_even_given_leave_to_ask(tmp_path):
    """The preflight of a page elsewhere is refused."""
    async with serving(tmp_path, STORY) as server:
        answers = []
        for origin in ("https://evil.example", "http://localhost:3000"):
            client = await RawClient.connect(server)
            await client.send(
                "/_mock/reload",
                f"Origin: {origin}",
                "Access-Control-Request-Method: POST",
                "Connection: close",
                method="OPTIONS",
            )
            answers.append((await client.rest()).status)
    assert answers == [403, 204]
