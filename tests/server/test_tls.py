"""HTTPS on raw sockets: how connections end by TLS, and what becomes of those that speak otherwise."""

import asyncio
import contextlib
import gc
import json
import logging
import socket
import ssl
import struct

import pytest
from clients import LAST_CHUNK, STATUS, fetch, serving, trusting

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.play.journal import Called, Closed, Refused
from mockserver.server import tls

PETS = "/v1/pets?access_token=any"
OPERATION = "operation: streamOrderStatus\n"


class Peer:
    """A client that sees what is below: each record of TLS, and FIN, RST and goodbye apart.

    Python's own sockets take a reset for an end now and then.
    """

    def __init__(self, server, context=None, *, protocols=()):
        context = context or trusting(server)
        if protocols:
            context.set_alpn_protocols(protocols)
        self.socket = socket.create_connection((server.host, server.port), timeout=20)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._carry_out(self.tls.do_handshake)

    def _carry_out(self, step, *arguments):
        while True:
            try:
                found = step(*arguments)
            except ssl.SSLCertVerificationError:
                self._flush()  # the alert that says so
                self.socket.close()
                raise
            except ssl.SSLWantReadError:
                self._flush()
                if data := self.socket.recv(65536):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return found

    def _flush(self):
        if data := self._outgoing.read():  # to send nothing would ask for errors
            self.socket.sendall(data)

    def send(self, data):
        self._carry_out(self.tls.write, data)

    def read(self):
        """Return what one record holds; nothing upon a goodbye. Raises SSLEOFError upon a cut."""
        try:
            return self._carry_out(self.tls.read, 65536)
        except ssl.SSLZeroReturnError:
            return b""

    def rest(self):
        """Return what comes, and by what it ends: goodbye, cut or reset."""
        found = b""
        try:
            while data := self.read():
                found += data
        except ssl.SSLEOFError:
            return found, "cut"
        except ConnectionResetError:
            return found, "reset"
        finally:
            self.socket.close()
        return found, "goodbye"

    def leave(self):
        """Say goodbye, and go."""
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self._flush()
        self.socket.close()


def asked(target=STATUS, *headers):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def opened(server, *headers):
    """Return a client that has asked."""
    client = Peer(server)
    client.send(asked(STATUS, *headers))
    return client


def told(server):
    return opened(server, "Connection: close").rest()


ENDS = {
    "a stream's end": ("stream: [{data: x}]", "goodbye", LAST_CHUNK),
    "an end without framing": ("wire: {transfer: close}\nstream: [{data: x}]", "goodbye", b"data: x\n\n"),
    "an end of a raw head": (
        'response: {raw_head: "HTTP/1.1 200 OK\\r\\n\\r\\n"}\nstream: [{data: x}]',
        "goodbye",
        b"data: x\n\n",
    ),
    "a drop": ("stream: [{data: x}, {disconnect: drop}]", "cut", b"data: x\n\n\r\n"),
    "a drop before the head": ("connections: [{disconnect: drop}]", "cut", b""),
    "a reset": ("stream: [{data: x}, {disconnect: reset}]", "reset", b"data: x\n\n\r\n"),
    "a reset before the head": ("connections: [{disconnect: reset}]", "reset", b""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "end", "last"), ENDS.values(), ids=ENDS)
async def test_only_a_proper_end_says_goodbye(tmp_path, pair, text, end, last):
    """RFC 8446 § 6.1: without `close_notify` the client has been cut off, and can tell."""
    async with serving(tmp_path, OPERATION + text, tls=pair) as server:
        found, ended = await asyncio.to_thread(told, server)
    assert ended == end
    assert found.endswith(last)
    assert bool(found) == bool(last)


LARGE = """
operation: streamOrderStatus
stream:
- repeat: {times: 200, steps: [{data: "{{ 'x' * 20000 }}"}]}
- disconnect: %s
"""


@pytest.mark.parametrize(("kind", "end"), [("drop", "cut"), ("reset", "reset"), ("end", "goodbye")])
async def test_all_that_was_written_arrives_before_the_end(tmp_path, pair, kind, end):
    """Four megabytes , more than any buffer holds: none is lost, whatever the end is."""
    async with serving(tmp_path, LARGE % kind, tls=pair) as server:
        found, ended = await asyncio.to_thread(told, server)
    assert (ended, found.count(b"x" * 20000)) == (end, 200)


async def test_a_slow_reader_holds_up_its_own_stream_alone(tmp_path, pair):
    """What waits for a client that does not read is bounded, and the stream waits with it."""
    text = (
        OPERATION + "stream: [{repeat: {times: forever, steps: [{data: \"{{ 'x' * 30000 }}\"}]}}]"
    )
    async with serving(tmp_path, text, tls=pair) as server:
        client = await asyncio.to_thread(opened, server)
        entrance = server._runner.server._entrance
        while not (paused := [p for p in server._runner.server.connections if p.writing_paused]):
            await turn_of_others()
        (carrier,) = entrance.open
        before = len(server.session().journal)
        for _ in range(1000):
            await turn_of_others()
            assert paused[0].transport.get_write_buffer_size() < 2 * 64 * 1024
            assert carrier.get_write_buffer_size() < 3 * 64 * 1024
        assert len(server.session().journal) == before
        assert (await fetch(server, PETS)).status == 200
        client.socket.close()


async def test_every_piece_is_a_record_of_its_own(tmp_path, pair):
    """A client that reads late still gets them apart: each read of TLS gives one record."""
    text = OPERATION + "wire: {transfer: close}\nstream: [{data: hello, split: 3}]"
    async with serving(tmp_path, text, tls=pair) as server:
        client = await asyncio.to_thread(opened, server)
        while not server.session().journal or type(server.session().journal[-1]) is not Closed:
            await turn_of_others()
        found = []
        while data := await asyncio.to_thread(client.read):
            found.append(data)
        client.socket.close()
    assert found[1:] == [b"dat", b"a: ", b"hel", b"lo\n", b"\n"]


async def test_plain_http_is_told_that_the_port_speaks_https(tmp_path, pair, caplog):
    """By plain HTTP, as a problem, noted in the journal like every refusal."""
    async with serving(tmp_path, OPERATION + "stream: [{data: x}]", tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(asked(STATUS, "Connection: close"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        journal = server.session().journal
        refused = [(e.status, e.code, e.target) for e in journal if isinstance(e, Refused)]
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "plain-http"
    assert refused == [(400, "plain-http", f"GET {STATUS}")]
    assert not caplog.records


async def test_the_control_api_is_not_open_by_plain_http(pair):
    """Nothing of it is, not even what everybody may ask."""
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(asked("/_mock/health", "Connection: close"))
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


@pytest.mark.parametrize("sent", [b"\x80\x00garbage\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_what_is_neither_tls_nor_http_is_refused(pair, sent, caplog):
    """As on a port without TLS."""
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
    assert not caplog.records


async def test_tls_at_a_plain_port_is_told_what_would_help(tmp_path):
    """The client cannot read it, but the journal has it."""
    async with serving(tmp_path, OPERATION + "stream: [{data: x}]") as server:
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(
                server.host, server.port, ssl=ssl.create_default_context()
            )
        (refused,) = server.session().journal
    assert (refused.code, refused.what) == (
        "bad-request",
        "this is TLS, and the port speaks plain HTTP",
    )


async def test_a_client_that_does_not_trust_the_certificate_is_a_line_of_the_log(pair, caplog):
    """One line that says what would help, and no traceback."""
    async with MockServer(tls=pair) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(Peer, server, ssl.create_default_context())
        while not caplog.records:
            await turn_of_others()
    assert [(each.levelno, each.exc_info) for each in caplog.records] == [(logging.WARNING, None)]
    said = caplog.messages[0]
    assert said.startswith("no TLS with 127.0.0.1: the client does not trust the certificate (")
    assert said.endswith("); let it trust what has signed it")


async def test_a_client_with_another_version_is_a_line_of_the_log(pair, caplog):
    """TLS 1.1 is not served any more (RFC 8996)."""
    old = bytes.fromhex("16 03 01 00 2f 01 00 00 2b 03 02") + bytes(32)
    old += bytes.fromhex("00 00 04 c0 13 00 2f 01 00") + bytes(2)
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(old[:52])
        assert (await reader.read())[:1] in (b"\x15", b"")
        writer.close()
        while not caplog.records:
            await turn_of_others()
    assert caplog.messages[0].startswith("no TLS with 127.0.0.1: ")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"])
async def test_a_handshake_that_is_not_finished_is_given_up(pair, sent, monkeypatch, caplog):
    """After ten seconds, here a hundredth of one; said where it had begun."""
    monkeypatch.setattr(tls, "HANDSHAKE_TIME", 0.01)
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        assert await _end_of(reader) == b""
        writer.close()
        assert not server._runner.server._entrance.open
    said = ["no TLS with 127.0.0.1: the handshake was not over after 0.01 s"] if sent else []
    assert caplog.messages == said


@pytest.mark.parametrize("sent", [b"GE", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
async def test_plain_http_that_never_ends_its_head_is_given_up(pair, sent, monkeypatch):
    """It has as long as a handshake."""
    monkeypatch.setattr(tls, "HANDSHAKE_TIME", 0.01)
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        await _end_of(reader)
        assert reader.at_eof() or reader.exception()
        writer.close()
        assert not server._runner.server.connections


async def _end_of(reader):
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_client_that_leaves_in_its_handshake_is_no_matter(pair, caplog):
    """Whoever looks whether a port is open does so."""
    async with MockServer(tls=pair) as server:
        entrance = server._runner.server._entrance
        for sent in (b"", b"\x16\x03\x01", b"\x16\x03\x01\x00\x05\x01"):
            plain = socket.create_connection((server.host, server.port))
            plain.sendall(sent)
            while not entrance.open:
                await turn_of_others()
            if len(sent) > 4:
                linger = struct.pack("ii", 1, 0)
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            plain.close()
            while entrance.open:
                await turn_of_others()
        assert (await fetch(server, PETS)).status == 200
    assert not caplog.records


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_a_handshake_in_small_pieces(pair, size):
    """The first byte alone decides, and no byte behind it is lost."""
    async with MockServer(tls=pair) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting(server).wrap_bio(incoming, outgoing, server_hostname="localhost")

        async def send():
            data = outgoing.read()
            for at in range(0, len(data), size):
                writer.write(data[at : at + size])
                await writer.drain()
                await turn_of_others()

        async def carried_out(step, *arguments):
            while True:
                try:
                    found = step(*arguments)
                except ssl.SSLWantReadError:
                    await send()
                    incoming.write(await reader.read(65536))
                else:
                    await send()
                    return found

        await carried_out(client.do_handshake)
        await carried_out(client.write, asked(PETS))
        assert (await carried_out(client.read, 65536)).startswith(b"HTTP/1.1 200 OK")
        writer.close()


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None), ([], None)],
)
async def test_http_1_1_is_agreed_upon_and_nothing_else(pair, offered, agreed):
    """ALPN (RFC 7301): HTTP/2 is the business of a proxy in front."""

    def ask(server):
        client = Peer(server, protocols=offered)
        client.send(asked(PETS))
        head = client.read()
        client.leave()
        return client.tls.selected_alpn_protocol(), head

    async with MockServer(tls=pair) as server:
        protocol, head = await asyncio.to_thread(ask, server)
    assert (protocol, head[:15]) == (agreed, b"HTTP/1.1 200 OK")


async def test_a_client_that_says_goodbye_has_left(tmp_path, pair):
    """Its stream is over at once, and the journal says that it was the client."""
    text = OPERATION + "stream: [{data: x}, {hold: forever}]"
    async with serving(tmp_path, text, tls=pair) as server:
        client = await asyncio.to_thread(opened, server)
        assert await asyncio.to_thread(client.read)
        client.leave()
        while type(server.session().journal[-1]) is not Closed:
            await turn_of_others()
        assert server.session().journal[-1].by == "client"


def test_stopping_waits_for_nobodys_goodbye(tmp_path, pair):
    """Clients that keep their connections open, or have only begun, leave no socket behind."""
    text = OPERATION + "stream: [{data: x}, {hold: forever}]"
    with serving(tmp_path, text, tls=pair) as server:
        streaming = opened(server)
        assert streaming.read()
        idle = Peer(server)
        idle.send(asked(PETS))
        assert idle.read()
        silent = socket.create_connection((server.host, server.port))
    gc.collect()  # a transport that was not closed is a warning, and that an error
    found, end = streaming.rest()
    assert found.endswith(LAST_CHUNK)
    assert end == "goodbye"
    idle.socket.close()
    silent.close()


async def test_what_the_server_says_of_itself_is_https(tmp_path):
    """Its URL, that of a session, the URL of a callback, the origin of events, HAR."""
    text = OPERATION + "stream: [{data: x}]"
    async with serving(tmp_path, text, tls="self-signed") as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        assert server.session("a").url == f"{server.url}/@a"
        await fetch(server, STATUS)
        session = json.loads((await fetch(server, "/_mock/sessions/default")).body)
        har = json.loads((await fetch(server, "/_mock/sessions/default/journal?format=har")).body)
        dispatched = json.loads((await fetch(server, "/_mock/sessions/default/dispatched")).body)
    assert session["url"] == "https://localhost"
    assert har["log"]["entries"][0]["request"]["url"] == f"https://localhost{STATUS}"
    assert "https://localhost" in json.dumps(dispatched)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https", "https://localhost"),
        ("HTTPS, http", "https://localhost"),
        ("http", "http://localhost"),
        ("gopher", "http://localhost"),
        ("", "http://localhost"),
    ],
)
async def test_a_proxy_that_speaks_https_may_say_so(said, url):
    """X-Forwarded-Proto makes the URLs that the server tells those that its client can use."""
    async with MockServer() as server:
        answer = await fetch(server, "/_mock/sessions/default", f"X-Forwarded-Proto: {said}")
    assert json.loads(answer.body)["url"] == url


async def test_the_authority_can_be_had_from_the_server_and_as_a_file():
    """A client that trusts it, and nobody else, is let in; the file is gone with the server."""
    async with MockServer(tls="self-signed", control_token="secret") as server:
        answer = await fetch(server, "/_mock/ca.pem")
        file = server.ca_file
        assert answer.content.decode("ascii") == file.read_text()
        assert answer.header("Content-Type") == "application/x-x509-ca-cert; charset=utf-8"
        only = ssl.create_default_context(cafile=file)
        reader, writer = await asyncio.open_connection("localhost", server.port, ssl=only)
        writer.write(asked(PETS))
        assert (await reader.read(15)) == b"HTTP/1.1 200 OK"
        writer.close()
    assert not file.exists()
    assert not file.parent.exists()


@pytest.mark.parametrize("by_tls", [True, False])
async def test_who_has_made_no_certificate_has_no_authority(pair, by_tls):
    """Neither as a file nor by the control API."""
    async with MockServer(tls=pair if by_tls else None) as server:
        answer = await fetch(server, "/_mock/ca.pem")
        assert server.ca_file is None
    assert answer.status == 404
    assert json.loads(answer.body or answer.content)["code"] == "no-certificate-authority"


CALLING = """
operation: streamOrderStatus
stream:
- call: {webhook: petAdopted, to: "{{ request.query.to }}", body: {petId: "1"}, wait: true}
- {data: x}
"""


async def called_by(server, other):
    """Return what became of the call of a story on `server` to `other`."""
    await fetch(server, f"{STATUS}?to=https://localhost:{other.port}/v1/pets")
    (called,) = [e for e in server.session().journal if isinstance(e, Called)]
    return called


@pytest.mark.parametrize("own", [True, False], ids=["a pair of files", "self-signed"])
async def test_a_story_may_call_its_own_server(tmp_path, pair, own):
    """Its calls trust the certificate that the server itself shows."""
    tls_of = pair if own else "self-signed"
    async with serving(tmp_path, CALLING, tls=tls_of, requests="off") as server:
        called = await called_by(server, server)
    assert (called.status // 100, called.fault) == (2, "")


async def test_a_call_to_a_server_that_nobody_trusts_says_so(tmp_path, pair):
    """The journal has OpenSSL's reason."""
    async with MockServer(tls=pair) as other, serving(tmp_path, CALLING, requests="off") as server:
        called = await called_by(server, other)
    assert called.code == "call-failed"
    assert called.fault.startswith(f"cannot connect to localhost:{other.port}: ")
    assert "certificate verify failed" in called.fault
