"""Pass everything on to a real server, and write it down as scenarios."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli import recorded
from mockserver.cli.numbers import whole
from mockserver.cli.serve import calm_collector, tidy
from mockserver.cli.terminal import Terminal
from mockserver.errors import StartError, escaped

if TYPE_CHECKING:
    import argparse

    from mockserver.imports.recorded import Tape
    from mockserver.upstream.address import Address
    from mockserver.upstream.recorder import Recorder


_ENDS: Final = {
    "end": "ended",
    "cut": "cut off by the upstream",
    "reset": "reset by the upstream",
    "client": "left by the client",
    "open": "still open",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a recording proxy."""
    parser.add_argument(
        "--upstream",
        metavar="URL",
        required=True,
        help="the server to record, as https://api.example.test or with a path before all paths",
    )
    recorded.add_arguments(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=whole(0, 65_535), default=8080, help="port to listen on; 0 takes any"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="take any certificate of an https upstream"
    )
    parser.add_argument(
        "--max-size",
        metavar="MB",
        type=whole(1, 100_000),
        default=64,
        help="how much is recorded; what is beyond is passed through alone (default: 64)",
    )


def run(args: argparse.Namespace) -> int:
    """Record until SIGINT or SIGTERM, then write.

    Raises LoadError, StartError, KeyboardInterrupt.
    """
    from mockserver.upstream.address import address_of  # noqa: PLC0415

    address = address_of(args.upstream)
    contract = recorded.contract_of(args)
    folder = recorded.Folder(Path(args.output), args.force)
    descriptor = folder.opened(recorded.KEPT)
    try:
        with open(descriptor, "wb", buffering=0) as kept:  # noqa: PTH123  (a descriptor)
            recorder = asyncio.run(_record(args, address, kept.write))
    except (StartError, KeyboardInterrupt):
        folder.forget(recorded.KEPT)  # nothing has been recorded: the next attempt may begin
        raise
    exchanges = recorded.fitted(recorder.exchanges(), contract, address.prefix)
    said = _said(recorder, args.max_size)
    try:
        recorded.finish(args, folder, exchanges, contract, str(address), said)
    except BaseException:  # a second Ctrl-C, a full disk: what has been recorded is not lost by it
        tape = shlex.quote(str(folder.path / recorded.KEPT))
        print(f"\nnot all is written; mockserver import {tape} writes it", file=sys.stderr)
        raise
    folder.forget(recorded.KEPT)
    return 0


async def _record(args: argparse.Namespace, address: Address, keep: recorded.Keep) -> Recorder:
    from mockserver.addresses import cannot_listen  # noqa: PLC0415
    from mockserver.upstream.proxy import Proxy  # noqa: PLC0415
    from mockserver.upstream.recorder import Recorder  # noqa: PLC0415

    teller = _Teller(Terminal(sys.stderr, args.color))
    recorder = Recorder(str(address), keep, teller.tell, args.max_size * 1024 * 1024)
    proxy = Proxy(address, recorder, insecure=args.insecure)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises instead
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        url = await proxy.start(args.host, args.port)
    except OSError as error:
        raise cannot_listen(args.host, args.port, error) from None
    try:
        print(f"Listening on {url}", flush=True)
        print(f"recording {address}; Ctrl-C ends it", file=sys.stderr)
        calm_collector()
        gc.disable()
        tidying = asyncio.create_task(tidy(recorder))
        await stop.wait()
        tidying.cancel()
    finally:
        gc.enable()
        await proxy.stop()
    return recorder


class _Teller:
    """Tells of exchanges that are over, a line each."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def tell(self, tape: Tape) -> None:
        """Tell of one; its query stays out, which may hold secrets."""
        paint = self._terminal.paint
        size = sum(len(chunk.data) for chunk in tape.chunks)
        asked = escaped(f"{tape.method} {tape.target.partition('?')[0]}")
        status = str(tape.status or "no answer")
        good = 200 <= tape.status < 400
        took = paint(f"{size:,} bytes in {tape.ended - tape.at:.3g} s", "dim")
        how = _ENDS[tape.end or "open"] + (f" ({escaped(tape.fault)})" if tape.fault else "")
        status = paint(status, "green" if good else "red")
        how = how if tape.end == "end" else paint(how, "yellow")
        self._terminal.write(f"{asked} {status}, {took}, {how}\n")


def _said(recorder: Recorder, most: int) -> list[str]:
    """Return what has to be said besides what the scenarios say."""
    said = list(recorder.faults)
    if recorder.full:
        said.append(
            f"--max-size {most} was reached: {recorder.passed:,} exchanges and {recorder.lost:,} "
            "bytes of others were passed through, and are not recorded"
        )
    return said
