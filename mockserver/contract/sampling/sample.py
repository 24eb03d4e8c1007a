"""Values made from schemas: what a schema shows for itself, else what fits it.

The same text as seed gives the same value in every process; a value that is returned is valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract.sampling.draw import WORK, Draw, TooMuch
from mockserver.contract.sampling.plans import Impossible, Plan, Plans
from mockserver.contract.values import fits, short, validator, value_violations

if TYPE_CHECKING:
    from mockserver.contract.document import Document
    from mockserver.contract.place import Place
    from mockserver.contract.schemas import Direction


class Unsatisfiable(ValueError):  # noqa: N818  (it says what the schema is)
    """No value was found that fits a schema; the text says which, and what stands against it."""


def sample(
    document: Document,
    schema: Place,
    seed: str,
    n: int = 0,
    *,
    name: str = "",
    direction: Direction = "response",
) -> Any:
    """Return a value that fits a schema, the nth of a row; raise Unsatisfiable where none is found.

    `name` is what the value is called where it stands: a property or a parameter. In a response
    properties are left out that are `writeOnly`, in a request those that are `readOnly`.
    """
    where = f"no value fits the schema at {schema.pointer or 'the root'}"
    try:
        with document.turn:  # all values are drawn by the same plans, which learn meanwhile
            plan = _plan(document, schema, direction)
            value = Draw(f"{seed}/{schema.pointer}/{n}", n).value(plan, name)
    except Impossible as error:
        at = f" at {error.pointer}" if error.pointer != schema.pointer else ""
        raise Unsatisfiable(f"{where}: {error.why}{at}") from None
    except TooMuch:
        raise Unsatisfiable(f"{where}: {WORK} values were tried for it and its parts") from None
    except RecursionError:
        raise Unsatisfiable(f"{where}: it is nested too deeply") from None
    except (ArithmeticError, ValueError) as error:  # Bounds of sizes that no value can have.
        raise Unsatisfiable(f"{where}: {short(error, quote=False)}") from None
    if not fits(document, schema, value, direction):
        found = value_violations(document, schema, value, name or "value", direction)
        raise Unsatisfiable(f"{where}: {found[0].what if found else 'it contradicts itself'}")
    return value


def _plan(document: Document, schema: Place, direction: Direction) -> Plan:
    key = f"plans of a {direction}"
    if key not in document.cache:
        document.cache[key] = Plans(document, direction)
    plans: Plans = document.cache[key]
    return plans.plan([validator(document, schema, direction).schema])
