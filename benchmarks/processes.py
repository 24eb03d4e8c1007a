"""Servers and the load client as processes, and what the kernel knows about them."""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BARE = [sys.executable, str(HERE / "servers" / "bare_aiohttp.py"), "--port", "0"]
MOCKSERVER = [sys.executable, "-m", "mockserver"]
START_LIMIT = 60.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def serve(spec: Path, scenarios: Path) -> list[str]:
    """Give the command that serves scenarios on a port of the system's choice."""
    given = ["--spec", str(spec), "--scenarios", str(scenarios), "--port", "0"]
    return [*MOCKSERVER, "serve", *given]


class Running:
    """A server process, from its start to the line that names its port; ended on exit."""

    def __init__(self, command: list[str]) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  (closed on exit)
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.pid = self.process.pid
        self.port = 0

    def __enter__(self) -> Self:
        try:
            self.port = self._wait_for_port()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait_for_port(self) -> int:
        end = time.monotonic() + START_LIMIT
        text = b""
        while b"Listening on " not in text or not text.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            part = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not part:
                self.log.seek(0)
                raise SystemExit(
                    f"no 'Listening on' from {self.process.args}:\n{text.decode()}"
                    f"{self.log.read().decode()}"
                )
            text += part
        url = text.split(b"Listening on ")[1].split()[0].decode()
        return int(url.rstrip("/").rsplit(":", 1)[1])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
        self.process.stdout.close()
        self.log.close()

    def cpu(self) -> float:
        """Return the seconds of CPU time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def memory(self) -> int:
        """Return the resident memory in KiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise ProcessLookupError(self.pid)


@dataclass(frozen=True)
class Client:
    """The compiled load client."""

    program: Path

    @classmethod
    def compile(cls, folder: Path) -> Self:
        """Compile load/client.c into a folder; it takes a second and needs a C compiler."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SystemExit("no C compiler: apt-get install gcc libc6-dev, or --only start,check")
        program = folder / "client"
        source = HERE / "load" / "client.c"
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        return cls(program)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start the client; it ends by itself."""
        command = [str(self.program), *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def run(self, *arguments: object) -> dict:
        """Run the client to its end and return what it measured."""
        process = self.start(*arguments)
        output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"the client failed with exit code {process.returncode}")
        measured = json.loads(output.splitlines()[-1])
        if measured["failed"]:
            raise SystemExit(f"{measured['failed']} connections failed")
        return measured


def first_bytes(port: int, path: str) -> bytes:
    """Open a stream and return the first bytes of the answer."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        return connection.recv(65536)
