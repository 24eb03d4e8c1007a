"""Turns exchanges into a recording: one scenario a story, held against what was recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mockserver import contract as contracts
from mockserver.capture import yaml
from mockserver.capture.alike import different
from mockserver.capture.body import body_of
from mockserver.capture.conditions import apart, changed
from mockserver.capture.document import described, document_text
from mockserver.capture.masks import masked
from mockserver.capture.names import Names, of_conditions, part
from mockserver.capture.options import Options
from mockserver.capture.parts import parted
from mockserver.capture.recording import Recording
from mockserver.capture.replay import difference, played
from mockserver.capture.seen import seen
from mockserver.capture.stories import variants
from mockserver.capture.telling import Plan, scenario
from mockserver.errors import LoadError
from mockserver.play.conformance import contract_problems
from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.skeleton import default_name
from mockserver.scenario.template import RenderError
from mockserver.scenario.yamltext import without_templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mockserver.capture.body import Body
    from mockserver.capture.conditions import Place
    from mockserver.capture.exchange import Exchange
    from mockserver.capture.seen import Seen
    from mockserver.capture.stories import Story
    from mockserver.contract import Contract
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.program import Program

    Pair = tuple[Exchange, Body]

DOCUMENT: Final = "openapi.yaml"
APART: Final = ".undocumented"
"""The folder of what no operation of the contract fits, which is not loaded with the rest."""
_PLANS: Final = (
    Plan(),
    Plan(ignore=True),
    Plan(fold=False),
    Plan(fold=False, ignore=True),
    Plan(fold=False, raw=True),
    Plan(fold=False, ignore=True, raw=True),
)
_USUAL: Final = Options()
_TOLD: Final = 20
"""Problems of a recording that are told one by one."""
_SKIPPED: Final = {
    "HEAD": "a HEAD gets what its GET gets, without the body",
    "OPTIONS": "the server answers preflights by itself",
    "CONNECT": "a tunnel has no operation",
}


def written(
    exchanges: Iterable[Exchange], contract: Contract | None, options: Options = _USUAL
) -> Recording:
    """Return exchanges as scenarios for a contract, or with a document of their own.

    The same exchanges give the same files. What does not fit the language is said in the notes.
    """
    recording = Recording()
    kept = [(one, body_of(one)) for one in exchanges if _is_told(one, contract, recording)]
    found = masked(kept, options.masks)
    recording.notes += found.notes
    if kept:
        before = {id(one): old for (one, _), (old, _) in zip(found.exchanges, kept, strict=True)}
        _Work(options, before, recording).write(found.exchanges, contract)
    return recording


def _is_told(one: Exchange, contract: Contract | None, recording: Recording) -> bool:
    """Whether an exchange can be one of a scenario; takes note of why not."""
    path = one.target.partition("?")[0]
    declared = contract is not None and isinstance(
        contract.route(one.method, path), contracts.Route
    )
    reason = None if declared and one.method == "OPTIONS" else _SKIPPED.get(one.method)
    if one.status and not 100 <= one.status <= 599:
        reason = f"HTTP has no status {one.status}"
    elif 100 <= one.status < 200:
        reason = "it went on as something else than HTTP"
    if not one.target.startswith("/"):
        reason = "its target is no path"
    if reason is not None:
        recording.notes.append(f"{one.method} {one.target.partition('?')[0]}: left out: {reason}")
    return reason is None


@dataclass(frozen=True, slots=True)
class _Work:
    """What is being written, and how; `before` has exchanges with secrets by those without."""

    options: Options
    before: Mapping[int, Exchange]
    recording: Recording

    def write(self, pairs: Sequence[Pair], contract: Contract | None, folder: str = "") -> None:
        """Write what the contract has, and what it has not into a folder of its own."""
        given = contract is not None
        if contract is None:
            tree = described(pairs, _title(self.options), self.options.source)
            path = f"{folder}{DOCUMENT}"
            self.recording.files[path] = document_text(tree).encode()
            self.recording.documents.append(path)
            contract = contracts.read(tree, DOCUMENT)
        known: list[Seen] = []
        strange: list[Pair] = []
        for exchange, body in pairs:
            one = seen(exchange, body, contract)
            if one is None:
                strange.append((exchange, body))
            else:
                known.append(one)
        writer = _Writer(contract, self, folder)
        writer.write(known)
        self.recording.notes += writer.doubts(given=given)
        if strange and not folder:
            self.recording.notes.append(_strange(strange, contract))
            self.write(strange, None, f"{APART}/")


def _strange(pairs: Sequence[Pair], contract: Contract) -> str:
    lines = list(dict.fromkeys(f"{one.method} {one.target.partition('?')[0]}" for one, _ in pairs))
    return (
        f"{', '.join(lines[:5])}{' …' if len(lines) > 5 else ''}: no operation of"
        f" {contract.source} fits; written into the folder {APART} with a document of its own"
    )


def _title(options: Options) -> str:
    return f"Recorded from {options.source}" if options.source else "A recording"


@dataclass(slots=True)
class _Told:
    """A story with the name and the conditions of its scenario."""

    story: Story
    name: str
    when: dict[str, Any] | None
    default: bool = False


class _Writer:
    """Writes the scenarios of one contract into one folder."""

    def __init__(self, contract: Contract, work: _Work, folder: str) -> None:
        self._contract = contract
        self._options = work.options
        self._before = work.before
        self._recording = work.recording
        self._folder = folder
        self._names = Names("openapi")
        self._scenarios: list[Scenario] = []
        """All that were written, as they are read."""
        self._own: set[str] = set()
        """The names of those that are no parts of others."""
        self._bodies: dict[str, bytes] = {}

    def write(self, found: Sequence[Seen]) -> None:
        """Write the scenarios of all that was seen."""
        by_operation: dict[str, list[Seen]] = {}
        for one in found:
            by_operation.setdefault(one.operation.id, []).append(one)
        for alike in by_operation.values():
            for told in self._told(alike):
                self._scenario(told)

    def doubts(self, *, given: bool) -> Iterator[str]:
        """Yield what keeps the scenarios from standing together, and what breaks the contract.

        A contract that was not `given` was made of what was recorded, and so fits it.
        """
        catalog, problems = link(self._contract, self._scenarios, self._bodies.__getitem__)
        if given:
            # What was laid into other files is judged where it is included.
            own = {name: p for name, p in catalog.programs.items() if name in self._own}
            problems += contract_problems(replace(catalog, programs=own), "warning")
        for problem in problems[:_TOLD]:
            yield f"{problem.where.file}:{problem.where.line}: {problem.what}"
        if len(problems) > _TOLD:
            yield f"and {len(problems) - _TOLD:,} more problems, which check tells"

    def _note(self, one: Seen, what: str) -> None:
        self._recording.notes.append(f"{one.line}: {what}")

    def _told(self, found: Sequence[Seen]) -> Iterator[_Told]:
        """Yield the stories of one operation, with what tells them apart."""
        groups: dict[str, list[Story]] = {}
        whens: dict[str, dict[str, Any] | None] = {}
        clients = not self._options.masks.on
        known = variants(found, clients=clients)
        openings = [variant.openings for variant in known]
        conditions = apart(openings, self._masked(found), clients=clients)
        for variant, when in zip(known, conditions, strict=True):
            key = repr(when)
            whens[key] = when
            groups.setdefault(key, []).extend(variant.stories)
        base = part(default_name(found[0].operation)) or "operation"
        alone = sum(len(different(stories)) for stories in groups.values()) == 1
        for key, stories in groups.items():
            distinct = different(stories)
            for index, story in enumerate(distinct):
                name = base if alone else f"{base}/{of_conditions(whens[key]) or 'recorded'}"
                name = self._names.free(name)
                several = len(distinct) > 1
                if several and index:
                    what = f"another client got something else; ask for scenario {name!r} by name"
                    self._note(story.first, what)
                yield _Told(story, name, whens[key], default=several and index == 0)

    def _masked(self, found: Sequence[Seen]) -> set[Place]:
        """Return the places in requests that had secrets, which nobody can ask for."""
        places: set[Place] = set()
        for one in found:
            before = self._before[id(one.exchange)]
            if (before.target, before.request_body) != (
                one.exchange.target,
                one.exchange.request_body,
            ):
                old = seen(before, one.body, self._contract)
                places |= changed(one.opening, old.opening) if old else set()
        return places

    # --- one scenario ------------------------------------------------------------------------

    def _scenario(self, told: _Told) -> None:
        texts, files, wrong = dict[str, bytes](), dict[str, bytes](), ""
        read: list[Scenario] = []
        for plan in self._plans(told.story):
            found = scenario(told.story, told.name, self._options, plan)
            parts = parted(self._head(told) | found.keys, told.name)
            others = {name: yaml.text(keys).encode() for name, keys in parts.items()}
            again, fault = self._again(told, others, found.files)
            if not texts or not fault:
                texts, files, wrong, read = others, found.files, fault, again
            if not fault:
                break
        if wrong:
            self._note(told.story.first, f"{told.name} does not replay what was recorded: {wrong}")
        for one in told.story.seen:
            for note in _notes(one):
                self._note(one, note)
        self._scenarios += read
        self._own.add(told.name)
        self._bodies |= files
        for path, body in ({f"{name}.yaml": text for name, text in texts.items()} | files).items():
            self._recording.files[f"{self._folder}{path}"] = body

    def _plans(self, story: Story) -> Iterator[Plan]:
        resumed = any(one.opening.last_event_id for one in story.seen)
        for plan in _PLANS:
            if resumed or not plan.ignore:
                yield plan

    def _head(self, told: _Told) -> dict[str, Any]:
        """Return the keys that say whose scenario this is."""
        first = told.story.first
        said: dict[str, Any] = {"operation": first.operation.id}
        said["description"] = without_templates(self._description(told.story))
        if told.when is not None:
            said["when"] = told.when
        if told.default:
            said["default"] = True
        return said

    def _description(self, story: Story) -> str:
        first, count = story.first, len(story.seen)
        where = f" from {self._options.source}" if self._options.source else ""
        many = f", {count} {'connections' if story.streams else 'times'}" if count > 1 else ""
        said = f"Recorded{where}: {first.line[:200]}{many}."
        if story.streams:
            end = story.seen[-1].exchange.end
            said += {
                "client": " The client left; here the connection stays open.",
                "open": " The recording stopped; here the connection stays open.",
                "cut": " The connection was cut off in the end.",
                "reset": " The connection was reset in the end.",
            }.get(end, "")
        return "".join(char if char.isprintable() else " " for char in said)

    def _again(
        self, told: _Told, texts: dict[str, bytes], files: dict[str, bytes]
    ) -> tuple[list[Scenario], str]:
        """Read what was written; return it, and what keeps it from giving what was recorded."""
        read = [(f"{name}.yaml", name, text) for name, text in texts.items()]
        scenarios, problems = read_scenarios(read)
        if not problems:
            catalog, problems = link(self._contract, scenarios, files.__getitem__)
        if problems:
            return scenarios, f"{problems[0].what} [{problems[0].code}]"
        return scenarios, _replayed(catalog.programs[told.name], told.story.seen)


def _replayed(program: Program, found: list[Seen]) -> str:
    """Return the first difference between what was recorded and what is played, or nothing."""
    try:
        for number, (one, got) in enumerate(zip(found, played(program, found), strict=True), 1):
            wrong = difference(got, one)
            if wrong:
                return f"connection {number} has {wrong}" if len(found) > 1 else f"it has {wrong}"
    except RenderError as error:
        return str(error)
    except LoadError as error:
        return error.problems[0].what
    return ""


def _notes(one: Seen) -> Iterator[str]:
    """Yield what is to be said of one exchange that the scenario cannot say, or says otherwise."""
    exchange, size = one.exchange, len(one.body.data)
    if exchange.end == "open":
        why = exchange.fault or "the recording was stopped"
        yield f"{why} after {size:,} bytes; the scenario holds the connection open"
    elif exchange.fault:
        yield exchange.fault
    if exchange.end == "client":
        yield f"left by the client after {size:,} bytes; the scenario holds the connection open"
    if one.body.sealed:
        yield f"coded as {one.body.sealed!r}, which cannot be read: kept as the bytes that they are"
    elif one.body.coding and one.framing is not None:
        yield f"coded with {one.body.coding}: the same events are coded anew, in other bytes"
