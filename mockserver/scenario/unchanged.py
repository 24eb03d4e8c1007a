"""What of a catalog is as it was before the files were read anew: its stories go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program


def unchanged(catalog: Catalog, before: Catalog) -> Catalog:
    """Return the catalog with the very programs of `before` where nothing of theirs has changed.

    A story is known by its program: who is in the middle of one whose file nobody has edited, goes
    on with it. Where the document or its settings are others, every story begins anew.
    """
    if not catalog.contract.says_the_same(before.contract):
        return catalog
    old: dict[tuple[str, str | None], Program] = dict(before.variants.items())
    old.update(((name, None), program) for name, program in before.programs.items())
    kept: dict[int, Program] = {}

    def keep(program: Program, key: tuple[str, str | None]) -> Program:
        known = old.get(key)
        if known is None or not _same(program, known):
            return program
        kept[id(program)] = known
        return known

    programs = {name: keep(p, (name, None)) for name, p in catalog.programs.items()}
    variants = {key: keep(p, key) for key, p in catalog.variants.items()}
    by_operation = {
        operation: [kept.get(id(program), program) for program in found]
        for operation, found in catalog.by_operation.items()
    }
    return replace(
        catalog,
        programs=programs,
        variants=variants,
        by_operation=by_operation,
        _shown=before._shown,  # noqa: SLF001
        _frames=before._frames,  # noqa: SLF001
    )


def _same(program: Program, known: Program) -> bool:
    return (
        program.framing == known.framing
        and program.scenario == known.scenario
        and program.files == known.files
    )
