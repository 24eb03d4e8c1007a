"""`{{ … }}` in texts: checked when the file is read, rendered without harm when it is due.

The expressions are Jinja's; `sandbox` says what they can reach.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario.sandbox import TEXT_LIMIT, as_text, checked, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jinja2 import nodes
    from jinja2.environment import TemplateExpression

    from mockserver.errors import Location

REQUEST_NAMES: Final = frozenset({"path", "query", "headers", "cookies", "body", "method"})
FUNCTIONS: Final = frozenset(
    {
        "now", "timestamp", "uuid", "random_int", "random_float", "random_bool", "pick",
        "shuffle", "random_string", "hex", "example",
    }
)  # fmt: skip
NAMES: Final = FUNCTIONS | {
    "request", "last_event_id", "session", "subscription", "connection", "vars",
}  # fmt: skip


_DEPTH: Final = 60


class TemplateError(ValueError):
    """The text between the braces is no expression that can be used here."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


class RenderError(Exception):
    """A template had no value when it was due: where it stands, and why."""

    def __init__(self, where: Location, what: str) -> None:
        self.where = where
        self.what = what
        super().__init__(where, what)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Expression:
    """What stands between `{{` and `}}`, compiled on first use.

    Raises TemplateError when it is no expression.
    """

    __slots__ = ("_compiled", "_tree", "dotted", "references", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = _parsed(source)
        self._compiled: TemplateExpression | None = None
        self.dotted = _dotted(self._tree)
        """The names of a plain `a.b.c`, which needs no compiled code."""
        self.references = (self.dotted,) if self.dotted else tuple(_references(self._tree))
        """Every name in use with the constant attributes behind it: ("request", "path")."""

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        """Return the value in `scope`; raises whatever the expression raises."""
        if self.dotted:
            try:
                value: Any = scope
                for name in self.dotted:
                    value = value[name]
            except (KeyError, TypeError):
                pass  # the compiled code says it better
            else:
                return value
        if self._compiled is None:
            self._compiled = _compiled(self._tree)
        environment().meter.start()
        return _settled(self._compiled(scope))


@lru_cache(maxsize=4096)
def expression(source: str) -> Expression:
    """Return the expression written `source`, shared by all that write the same."""
    return Expression(source)


class Template:
    """A text with at least one `{{ … }}`.

    Raises TemplateError when an expression cannot be read.
    """

    __slots__ = ("parts", "source", "where")

    def __init__(self, source: str, where: Location) -> None:
        self.source = source
        self.where = where
        self.parts: tuple[str | Expression, ...] = tuple(_split(source))

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    @property
    def expressions(self) -> list[Expression]:
        """The expressions in the order written."""
        return [part for part in self.parts if isinstance(part, Expression)]

    def value(self, scope: Mapping[str, Any]) -> Any:
        """Return the one expression's value with its type, or the whole as text.

        Raises RenderError.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self._evaluate(self.parts[0], scope)
        return self.text(scope)

    def text(self, scope: Mapping[str, Any]) -> str:
        """Return the text with every expression replaced. Raises RenderError."""
        texts, size = [], 0
        for part in self.parts:
            texts.append(part if isinstance(part, str) else self._text_of(part, scope))
            size += len(texts[-1])
            if size > 2 * TEXT_LIMIT:
                raise RenderError(self.where, f"more than {2 * TEXT_LIMIT:,} characters")
        return "".join(texts)

    def _text_of(self, part: Expression, scope: Mapping[str, Any]) -> str:
        value = self._evaluate(part, scope)
        try:
            return as_text(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise RenderError(self.where, f"{{{{ {part.source} }}}} has no text: {error}") from None

    def _evaluate(self, part: Expression, scope: Mapping[str, Any]) -> Any:
        try:
            return part(scope)
        except Exception as error:  # noqa: BLE001  (operators raise whatever they like)
            reason = str(error) or type(error).__name__
            what = f"{{{{ {part.source} }}}} cannot be rendered: {reason}"
            raise RenderError(self.where, what) from None


def has_template(text: str) -> bool:
    """Whether `text` holds an expression at all."""
    return "{{" in text


def _split(source: str) -> Iterator[str | Expression]:
    """Yield the literal stretches and the expressions of `source`."""
    start = 0
    while (opening := source.find("{{", start)) >= 0:
        if opening > start:
            yield source[start:opening]
        closing = _closing(source, opening + 2)
        yield expression(source[opening + 2 : closing].strip())
        start = closing + 2
    if start < len(source):
        yield source[start:]


def _closing(source: str, start: int) -> int:
    """Return where the `}}` stands that ends the expression, past quotes and inner braces."""
    depth, quote, index = 0, "", start
    while index < len(source):
        char = source[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0 and source.startswith("}}", index):
                return index
            depth -= 1
        index += 1
    raise TemplateError("{{ without }}", "close the template, or write {{ '{{' }} for the braces")


def _parsed(source: str) -> nodes.Expr:
    sandbox = environment()  # imports Jinja
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415
    from jinja2.parser import Parser  # noqa: PLC0415

    if not source:
        raise TemplateError("{{ }} is empty", "write an expression between the braces")
    try:
        parser = Parser(sandbox, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateError(f"{source!r} goes on after the expression", "write one expression")
        _check_depth(tree)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{source!r} is no expression: {error.message}") from None
    except RecursionError:
        raise TemplateError("the expression is nested too deep", "make it simpler") from None
    tree = _with_joins(tree)
    tree.set_environment(sandbox)
    _check_known(tree)
    return tree


def _check_depth(tree: nodes.Expr) -> None:
    """Raise RecursionError for what Python's own compiler could not take."""
    level: list[nodes.Node] = [tree]
    for _ in range(_DEPTH):
        level = [inner for node in level for inner in node.iter_child_nodes()]
        if not level:
            return
    raise RecursionError


def _with_joins(tree: nodes.Expr) -> nodes.Expr:
    """Return the tree with `a ~ b` as a join, so that values look the same in every text."""
    from jinja2 import nodes  # noqa: PLC0415
    from jinja2.visitor import NodeTransformer  # noqa: PLC0415

    class Joins(NodeTransformer):
        def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
            self.generic_visit(node)
            parts = nodes.List(node.nodes, lineno=node.lineno)
            return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)

    joined: nodes.Expr = Joins().visit(tree)
    return joined


def _check_known(tree: nodes.Expr) -> None:
    from jinja2 import nodes  # noqa: PLC0415

    from mockserver.errors import did_you_mean  # noqa: PLC0415

    environment = tree.environment
    assert environment is not None
    for node in [tree, *tree.find_all(nodes.CondExpr)]:
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise TemplateError("an if without else", "write … if … else ''")
    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for node in [tree, *tree.find_all(kind)]:
            if isinstance(node, kind) and node.name not in known:
                word = kind.__name__.lower()
                raise TemplateError(f"unknown {word} {node.name!r}", did_you_mean(node.name, known))


def _compiled(tree: nodes.Expr) -> TemplateExpression:
    from jinja2 import nodes  # noqa: PLC0415
    from jinja2.environment import TemplateExpression  # noqa: PLC0415

    environment = tree.environment
    assert environment is not None
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)]
    template = environment.from_string(nodes.Template(body, lineno=1))
    return TemplateExpression(template, undefined_to_none=False)


def _dotted(tree: nodes.Expr) -> tuple[str, ...]:
    names: list[str] = []
    node: Any = tree
    kind = type(node).__name__
    while kind == "Getattr":
        names.append(node.attr)
        node = node.node
        kind = type(node).__name__
    return (node.name, *reversed(names)) if kind == "Name" else ()


def _references(tree: nodes.Expr) -> Iterator[tuple[str, ...]]:
    from jinja2 import nodes  # noqa: PLC0415

    # A name behind `is defined` or before `default` may be missing: that is what they are for.
    def visit(node: nodes.Node) -> Iterator[tuple[str, ...]]:
        if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
            yield from _optional(node.node, visit)
            for child in node.args:
                yield from visit(child)
            return
        if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
            yield from _optional(node.node, visit)
            return
        chain = _chain(node)
        if chain:
            yield chain
            return
        for inner in node.iter_child_nodes():
            yield from visit(inner)

    yield from visit(tree)


def _optional(
    node: nodes.Node | None, visit: Callable[[nodes.Node], Iterator[tuple[str, ...]]]
) -> Iterator[tuple[str, ...]]:
    if node is not None and not _chain(node):
        yield from visit(node)


def _chain(node: nodes.Node) -> tuple[str, ...]:
    from jinja2 import nodes  # noqa: PLC0415

    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before, last = _chain(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before, last = _chain(node.node), str(node.arg.value)
    else:
        return ()
    return (*before, last) if before else ()


def _settled(value: Any) -> Any:
    """Return a value that can be kept: an undefined one raises, a lazy one becomes a list."""
    from jinja2 import Undefined  # noqa: PLC0415

    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises with the name
    if callable(value):
        raise TypeError("a function has to be called: write it with ()")
    if value is None or isinstance(value, (str, int, float, dict, list)):
        return checked(value)
    return checked(list(value))
