"""Pass everything on to a real server, and write it down as scenarios."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli import recorded
from mockserver.cli.numbers import whole

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
    """Record until SIGINT or SIGTERM, then write. Raises LoadError, StartError."""
    from mockserver.upstream.address import address_of  # noqa: PLC0415

    address = address_of(args.upstream)
    contract = recorded.contract_of(args)
    folder = recorded.Folder(Path(args.output), args.force)
    descriptor = folder.opened(recorded.KEPT)
    with open(descriptor, "wb", buffering=0) as kept:  # noqa: PTH123  (a descriptor, not a path)
        recorder = asyncio.run(_record(args, address, kept.write))
    exchanges = recorded.fitted(recorder.exchanges(), contract, address.prefix)
    recorded.finish(args, folder, exchanges, contract, str(address), _said(recorder, args.max_size))
    (folder.path / recorded.KEPT).unlink(missing_ok=True)
    return 0


async def _record(args: argparse.Namespace, address: Address, keep: recorded.Keep) -> Recorder:
    from mockserver.runner import cannot_listen  # noqa: PLC0415
    from mockserver.upstream.proxy import Proxy  # noqa: PLC0415
    from mockserver.upstream.recorder import Recorder  # noqa: PLC0415

    recorder = Recorder(str(address), keep, _tell, args.max_size * 1024 * 1024)
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
        await stop.wait()
    finally:
        await proxy.stop()
    return recorder


def _tell(tape: Tape) -> None:
    """Tell of an exchange that is over, on one line."""
    size = sum(len(chunk.data) for chunk in tape.chunks)
    path = tape.target.partition("?")[0]  # a query may hold secrets
    took = tape.ended - tape.at
    status = str(tape.status or "no answer")
    fault = f" ({tape.fault})" if tape.fault else ""
    print(
        f"{tape.method} {path} {status}, {size:,} bytes in {took:.3g} s, "
        f"{_ENDS[tape.end or 'open']}{fault}",
        file=sys.stderr,
    )


def _said(recorder: Recorder, most: int) -> list[str]:
    """Return what has to be said besides what the scenarios say."""
    said = list(recorder.faults)
    if recorder.full:
        said.append(
            f"--max-size {most} was reached: {recorder.passed:,} exchanges and {recorder.lost:,} "
            "bytes of others were passed through, and are not recorded"
        )
    return said
