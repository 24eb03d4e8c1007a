"""Makes docs/coverage.md: every row of the catalogue, with its scenarios or why it has none.

python tests/conformance/coverage_page.py    writes the page
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from mockserver.scenario.nodes import plain  # noqa: E402
from mockserver.scenario.plaindata import plain_data  # noqa: E402
from mockserver.scenario.yamltree import parse  # noqa: E402

PAGE = ROOT / "docs" / "coverage.md"
ROWS = Path(__file__).parent / "rows.yaml"
SCENARIOS = ROOT / "scenarios" / "conformance"
NAME = re.compile(r"conformance/(([A-Z0-9]+)-\d\d)([a-z]|-[a-z]+)?")
"""A scenario's name: its row, the row's category, and which of several of the row it is."""

HEAD = """\
# What can be shown to a client

The catalogue of what servers of event streams do to their clients, well-behaved or not, collected
from the test suites of the web platform, of clients in six languages, of SDKs for language models
and of protocols on top. {rows} rows in {categories} categories: {shown} have scenarios, {told} say
why they have none, or where else they are shown.

`LE-01` stands for the scenario `conformance/LE-01`. Most answer `GET /v1/conformance/LE-01/stream`,
with the letters behind the number where a row has several (`LE-12a`); what else a request needs
is in the scenario's `when`. Streams of chat completions answer `POST /v1/chat/completions` with the
model `petstore-1`, `"stream": true` and the row in a header: `x-row: LM-01`; the document asks for
`messages` and a bearer token with them, unless the server runs with `--requests off`. Each says under
`outcome` what a client conforming to the WHATWG standard makes of it, and `mockserver check` proves
it right.

```
mockserver serve --port 8080
curl -N http://127.0.0.1:8080/v1/conformance/LE-01/stream
mockserver explain conformance/LE-01 --dispatched
```

This page is made by `python tests/conformance/coverage_page.py` from
[rows.yaml](../tests/conformance/rows.yaml) and the scenarios; a test holds it to them.
"""


@dataclass(frozen=True)
class Row:
    """One behaviour; `reason` says why it has no scenario."""

    id: str
    behaviour: str
    reason: str = ""


@dataclass(frozen=True)
class Category:
    """Rows that belong together."""

    id: str
    title: str
    rows: tuple[Row, ...]


def categories() -> list[Category]:
    """Return the catalogue."""
    return [
        Category(id_, found["title"], tuple(_row(*each) for each in found["rows"].items()))
        for id_, found in plain_data(ROWS.name, ROWS.read_bytes()).items()
    ]


def _row(id_: str, said: str | dict[str, str]) -> Row:
    return Row(id_, said) if isinstance(said, str) else Row(id_, **said)


def scenarios() -> dict[str, Path]:
    """Return the file of each conformance scenario, by its name."""
    return {
        plain(document)["scenario"]: path
        for path in sorted(SCENARIOS.glob("*.yaml"))
        for document in parse(path.name, path.read_bytes()).documents
    }


def page() -> str:
    """Return the page."""
    catalogue = categories()
    shown: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    for name, path in scenarios().items():
        if found := NAME.fullmatch(name):
            shown.setdefault(found[1], []).append(name.removeprefix("conformance/"))
            files.setdefault(found[2], path.name)
    rows = [row for category in catalogue for row in category.rows]
    with_scenarios = sum(row.id in shown for row in rows)
    head = HEAD.format(
        rows=len(rows),
        categories=len(catalogue),
        shown=with_scenarios,
        told=len(rows) - with_scenarios,
    )
    lines = [head]
    lines += ["| category | rows | with scenarios | file |", "|---|---|---|---|"]
    for category in catalogue:
        count = sum(row.id in shown for row in category.rows)
        file = files.get(category.id)
        link = f"[{file}](../scenarios/conformance/{file})" if file else ""
        lines.append(
            f"| {category.id} {category.title} | {len(category.rows)} | {count} | {link} |"
        )
    for category in catalogue:
        lines += ["", f"## {category.id} {category.title}", ""]
        lines += ["| row | the server | scenarios, or why there is none |", "|---|---|---|"]
        for row in category.rows:
            names = ", ".join(f"`{name}`" for name in shown.get(row.id, []))
            lines.append(f"| {row.id} | {row.behaviour} | {names or row.reason} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
