"""The rules of ARCHITECTURE.md, held over the syntax tree."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "mockserver"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))

MAY_IMPORT = {
    "errors": set(),
    "late": set(),
    "shared": set(),
    "sse": {"errors"},
    "contract": {"errors", "late", "shared"},
    "scenario": {"errors", "late", "sse", "contract"},
    "play": {"errors", "shared", "sse", "contract", "scenario"},
    "capture": {"errors", "sse", "contract", "scenario", "play"},
    "clock": {"errors"},
    "home": set(),
    "addresses": {"errors"},
    "asked": {"errors", "scenario"},
    "verify": {"errors", "sse", "contract", "scenario", "play"},
    "workspace": {"errors", "contract", "scenario"},
    "watching": {"errors", "late", "clock"},
    "certificates": {"errors", "addresses"},
    "server": {"errors", "late", "sse", "contract", "scenario", "play"}
    | {"addresses", "clock", "certificates", "verify"},
    "loading": {"errors", "scenario", "play", "server", "workspace"},
    "making": {"errors", "scenario", "play", "clock"},
    "handle": {"errors", "scenario", "play", "clock", "server", "runner"},
    "imports": {"errors", "sse", "contract", "capture"},
    "upstream": {"errors", "addresses", "clock", "capture", "imports", "verify", "server"},
    "runner": {"errors", "scenario", "play", "clock", "workspace", "server", "loading", "making"}
    | {"addresses", "asked", "certificates", "handle", "home", "watching"},
    "pytest_plugin": {"errors", "play", "runner", "asked"},
    "cli": {"errors", "contract", "scenario", "play", "capture", "imports", "upstream", "verify"}
    | {"addresses", "certificates", "clock", "workspace", "runner"},
    "__init__": {"errors", "runner"},
    "__main__": {"cli"},
}
PURE = ("sse", "contract", "scenario", "play", "capture", "imports", "verify")
IMPURE_MODULES = {
    "aiohttp", "asyncio", "logging", "os", "pathlib", "secrets", "socket", "subprocess",
    "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
EXCUSED = {
    "contract/sampling/chance.py": {"random"},  # seeded generators, by address
    "play/scope.py": {"random"},  # seeded generators, by address
    "scenario/sandbox.py": {"threading"},  # a count of work for every thread's evaluations
}
IMPURE_CALLS = {"open", "print", "input", "datetime.now", "datetime.utcnow", "date.today", "hash"}


def room(file):
    """Name the room of a file: its folder, or the file itself."""
    return file.partition("/")[0].removesuffix(".py")


def imports(file):
    """Yield the full names of all modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            if node.module == "mockserver":
                yield from (f"mockserver.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", FILES)
def test_imports_point_one_way(file):
    """A room imports only those below it; `mockserver` itself stands for its version."""
    own = room(file)
    rooms = {name.split(".")[1] for name in imports(file) if name.startswith("mockserver.")}
    below = {name for name in rooms - {own} if name not in {"__version__", "MockServer"}}
    assert below <= MAY_IMPORT[own]


@pytest.mark.parametrize("file", [file for file in FILES if room(file) in PURE])
def test_pure_rooms_know_no_world(file):
    """No async, files, sockets, clock, logging, printing or unseeded chance."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {name for name in imports(file) if name in IMPURE_MODULES or name == "random"}
    assert found - EXCUSED.get(file, set()) == set()
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith))
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in IMPURE_CALLS


@pytest.mark.parametrize("file", FILES)
def test_only_two_rooms_know_aiohttp(file):
    """aiohttp lives in server/ and upstream/, and the runner starts it."""
    known = any(name.partition(".")[0] == "aiohttp" for name in imports(file))
    assert not known or room(file) in {"server", "upstream", "runner"}


@pytest.mark.parametrize("file", FILES)
def test_only_the_command_line_prints(file):
    """print() stands in cli/ alone."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    prints = any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "print" for node in ast.walk(tree)
    )
    assert not prints or room(file) == "cli"
