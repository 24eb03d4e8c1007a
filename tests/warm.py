"""The command in processes of their own that need not import it: half of what a start costs."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORKED = multiprocessing.get_context("forkserver")
_COMMANDS = ("check", "explain", "imported", "new", "record", "run", "schema", "serve", "verify")
_FORKED.set_forkserver_preload(
    [
        *(f"mockserver.cli.{name}" for name in _COMMANDS),
        "mockserver.runner",
        "mockserver.server.app",
    ]
)
_FLAGS = (os.O_RDONLY, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_APPEND)


def run(
    *argv: str,
    given: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    merged: bool = False,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run `mockserver` with these arguments, as `python -m mockserver` does, without a terminal.

    Where they are `merged`, errors stand in the output, between the lines that they came between.
    """
    with tempfile.TemporaryDirectory() as name:
        streams = [Path(name) / stream for stream in ("in", "out", "err")]
        for stream, text in zip(streams, (given, "", ""), strict=True):
            stream.write_text(text)
        around = dict(os.environ if env is None else env)
        if merged:
            streams[2] = streams[1]
        process = _FORKED.Process(target=_main, args=(argv, cwd or Path.cwd(), around, streams))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(argv, timeout)
        _, out, err = (stream.read_text() for stream in streams)
        return subprocess.CompletedProcess(argv, process.exitcode, out, err)


def _main(argv: tuple[str, ...], cwd: Path, env: dict[str, str], streams: list[Path]) -> None:
    from mockserver.cli import main  # noqa: PLC0415

    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for fd, (stream, flags) in enumerate(zip(streams, _FLAGS, strict=True)):
        os.dup2(os.open(stream, flags), fd)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.exit(main(list(argv)))
