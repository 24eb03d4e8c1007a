"""The scenario files that are measured, and a thousand more for `check` to read."""

from pathlib import Path

START = 'data: {"symbol":"ACME","price":101.25,"note":"'
NUMBERED_START = "id: 100000\n" + START

BURST = 200_000
MANY = 2_000
SHORT = 10
PIECES = 1_000_000


def quote(start: str = START) -> str:
    """Give the YAML of the data of an event that is 120 bytes on the wire."""
    note = "x" * (120 - len(start) - 4)
    return f"{{symbol: ACME, price: 101.25, note: {note}}}"


def stories(ticks: int) -> dict[str, str]:
    """Give the scenario of each path of bench.openapi.yaml, by name."""

    def repeat(name: str, times: int, step: str, extra: str = "") -> str:
        return f"operation: {name}\nstream:\n- repeat: {{times: {times}{extra}, steps: [{step}]}}\n"

    numbered = f'{{id: "{{{{ n }}}}", data: {quote(NUMBERED_START)}}}'
    return {
        "static": repeat("static", BURST, f"{{data: {quote()}}}"),
        "numbered": repeat("numbered", BURST, numbered),
        "many": repeat("many", MANY, f"{{data: {quote()}}}"),
        "short": repeat("short", SHORT, f"{{data: {quote()}}}"),
        "held": repeat("held", SHORT, f"{{data: {quote()}}}"),
        "pieces": (
            "operation: pieces\nafterwards: restart\n"
            f"stream: [{{data: \"{{{{ 'x' * {PIECES} }}}}\", split: 1}}]\n"
        ),
        "ticks": repeat("ticks", ticks, f"{{data: {quote()}}}", ", every: 1s"),
    }


def write_stories(folder: Path, ticks: int) -> Path:
    """Write the measured scenarios into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in stories(ticks).items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


HEAD = """\
operation: deskQuotes
description: >-
  Desk {n} of a thousand: quotes with pauses, a broken connection and a way back.
when:
  path:
    desk: desk-{n:04}
vars:
  symbol: S{n}
  price: {n}.5
connections:
- steps:
  - retry: 1500
"""
EVENT = """\
  - id: {k}
    delay: {delay}ms
    data:
      symbol: "{{{{ vars.symbol }}}}"
      price: "{{{{ vars.price }}}}"
      note: update {k} of desk {n}
"""
BREAK = """\
  - disconnect: reset
- steps:
  - delay: 3s
"""
LINES = 70


def desk(n: int) -> str:
    """Give a scenario of 70 lines that differs from every other desk's."""
    text = HEAD.format(n=n)
    for k in range(1, 10):
        text += EVENT.format(n=n, k=k, delay=10 * k + n)
        if k == 2:
            text += BREAK
    missing = LINES - text.count("\n")
    return text + "".join(f"  - comment: line {k} of the tail\n" for k in range(missing))


def write_desks(folder: Path, count: int) -> Path:
    """Write `count` scenarios of 70 lines into a folder and return it."""
    folder.mkdir(parents=True)
    for n in range(count):
        (folder / f"desk-{n:04}.yaml").write_text(desk(n), encoding="utf-8")
    return folder
