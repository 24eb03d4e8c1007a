"""The page of `verify` and what the code says are the same."""

import ast
import re
from pathlib import Path

import mockserver

PACKAGE = Path(mockserver.__file__).parent
PAGE = PACKAGE.parent / "docs" / "verify.md"
_MAKERS = {"Difference", "differs", "Fault", "Note"}


def _codes():
    """Return the codes in the source: those of differences, and of what is noted."""
    files = [*(PACKAGE / "verify").glob("*.py"), PACKAGE / "upstream" / "drive.py"]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MAKERS and node.args:
                yield node.args[0]
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith(
                ("code", "(code")
            ):
                yield node.value


def test_the_page_has_every_code():
    """As code, in a table or a list."""
    found = {
        constant.value
        for code in _codes()
        for constant in ast.walk(code)
        if isinstance(constant, ast.Constant) and re.fullmatch(r"[a-z.0-9-]+", str(constant.value))
    } - {"cut"}
    listed = set(re.findall(r"`([a-z.0-9-]+)`", PAGE.read_text(encoding="utf-8")))

    assert len(found) > 20
    assert found - listed == set()
