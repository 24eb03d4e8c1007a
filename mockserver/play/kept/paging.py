"""Which things of a collection a list shows, and what it says about itself beside them.

Documents name all of this as they like; a name is read without case, signs and brackets, so that
`per_page`, `perPage` and `page[size]` are what they look like.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from mockserver.contract import shapes
from mockserver.contract.items import joined, members, plain_name, singulars
from mockserver.contract.values import fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mockserver.contract.collection import Collection, Deed
    from mockserver.contract.items import Body, Members
    from mockserver.contract.place import Place
    from mockserver.play.kept.store import Item

_SIZE: Final[tuple[str, ...]] = (
    "limit",
    "perpage",
    "pagesize",
    "size",
    "take",
    "maxresults",
    "top",
    "rows",
)
_PAGE: Final[tuple[str, ...]] = ("page", "pagenumber", "pageno", "pageindex", "currentpage")
_OFFSET: Final[tuple[str, ...]] = ("offset", "skip", "start", "startindex", "pageoffset")
_AFTER: Final[tuple[str, ...]] = (
    "after",
    "startingafter",
    "cursor",
    "pagetoken",
    "nexttoken",
    "continuationtoken",
)
_TOTAL: Final = (
    "total",
    "totalcount",
    "totalitems",
    "totalelements",
    "totalresults",
    "totalrecords",
)
_PAGES: Final = ("totalpages", "pages", "pagecount", "lastpage")
_MORE: Final = ("hasmore", "hasnext", "hasnextpage", "more")
_LESS: Final = ("hasprevious", "hasprev", "haspreviouspage", "hasprevpage")
_NEXT: Final = ("next", "nexturl", "nextlink", "nextpageurl")
_PREVIOUS: Final = ("prev", "previous", "prevurl", "previousurl", "previouslink", "prevpageurl")
_CURSOR: Final = ("nextcursor", "nextpagetoken", "cursor", "after", "endcursor", "nexttoken")

_NUMBER: Final = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)

_DEEPEST: Final = 3
"""How deep what a list says about itself may stand in it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: the keys on it, and where it is among `total` things.

    `size` is None where nothing bounds it. `links` has the targets of this page and its neighbours,
    None for those that are not there.
    """

    keys: tuple[str, ...]
    total: int
    start: int
    size: int | None
    number: int
    links: Mapping[str, str | None]

    @property
    def more(self) -> bool:
        """Whether things come after this page."""
        return self.start + len(self.keys) < self.total


def page_of(deed: Deed, target: str, items: Mapping[str, Item]) -> Page:
    """Return the page that a request asks for; `target` is its path and query."""
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    asked = _Asked(deed, pairs)
    keys = asked.chosen(items)
    start, number = asked.start(keys)
    end = len(keys) if asked.size is None else start + asked.size
    shown = tuple(keys[start:end])
    links = asked.links(path, pairs, start, number, len(keys))
    return Page(shown, len(keys), start, asked.size, number, links)


def chosen(deed: Deed, target: str, items: Mapping[str, Item]) -> list[str] | None:
    """Return the keys of the things that a query means, without regard to pages.

    None where it says something that is declared and chooses no things by a member.
    """
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True, errors="replace")
    asked = _Asked(deed, pairs)
    return asked.chosen(items) if asked.is_all_filters else None


class _Asked:
    """What the query of one request says; parameters that are not declared say nothing."""

    def __init__(self, deed: Deed, pairs: Sequence[tuple[str, str]]) -> None:
        self._document = deed.collection.document
        self._declared = deed.query
        self._given: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in deed.query:
                self._given.setdefault(name, []).append(value)
        names = deed.collection.names
        self._paging = {
            kind: next((n for n in deed.query if _is(n, kind) and n not in names), None)
            for kind in (_SIZE, _PAGE, _OFFSET, _AFTER)
        }
        plain = {plain_name(name): name for name in reversed(names)}
        self._filters = {
            plain[plain_name(name)]: self._texts(name, texts)
            for name, texts in self._given.items()
            if plain_name(name) in plain and name not in self._paging.values()
        }

    @property
    def is_all_filters(self) -> bool:
        """Whether all that is said chooses things by a member."""
        return len(self._filters) == len(self._given)

    def _texts(self, name: str, texts: list[str]) -> set[str]:
        """Return the values of a parameter; a list may be written with commas."""
        if "array" not in shapes.types(self._document, [self._declared[name]]):
            return set(texts)
        return {part for text in texts for part in text.split(",")}

    def chosen(self, items: Mapping[str, Item]) -> list[str]:
        """Return the keys of those things that have what is asked for by name."""
        keys = list(items)
        for name, texts in self._filters.items():
            numbers = {Decimal(text) for text in texts if _NUMBER.fullmatch(text)}
            wanted: frozenset[str | Decimal] = frozenset(texts) | numbers
            keys = [key for key in keys if _has(items[key].value.get(name), wanted)]
        return keys

    @property
    def size(self) -> int | None:
        """How many things a page has."""
        size = self._number(_SIZE)
        return size if size is not None and size > 0 else None

    def _number(self, kind: tuple[str, ...]) -> int | None:
        name = self._paging[kind]
        if name is None:
            return None
        text = self._given.get(name, [""])[0]
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        default = shapes.find(self._document, [self._declared[name]], "default")
        return default.value if default is not None and type(default.value) is int else None

    def _first(self) -> int:
        """Return the number of the first page: 0 where the document says so, else 1."""
        schema = [self._declared[self._paging[_PAGE] or ""]]
        said = [shapes.find(self._document, schema, key) for key in ("default", "minimum")]
        return 0 if any(one is not None and one.value == 0 for one in said) else 1

    def start(self, keys: Sequence[str]) -> tuple[int, int]:
        """Return from which thing on the page is, and the number of the page."""
        after = self._given.get(self._paging[_AFTER] or "", [""])[0]
        if after in keys:
            return keys.index(after) + 1, 1
        offset, page = self._number(_OFFSET), self._number(_PAGE)
        size = self.size or 0
        if page is not None and self._paging[_PAGE]:
            return max(page - self._first(), 0) * size, page
        return offset or 0, (offset // size if offset and size else 0) + 1

    def links(
        self, path: str, pairs: Sequence[tuple[str, str]], start: int, number: int, total: int
    ) -> dict[str, str | None]:
        """Return the targets of the pages around this one."""
        name, size = self._paging[_PAGE], self.size or 0
        steps: dict[str, int | None]
        if name is not None:
            first = self._first()
            steps = {"next": number + 1, "previous": number - 1 if number > first else None}
            steps |= {"first": first, "last": first + max(total - 1, 0) // size if size else first}
        else:
            name = self._paging[_OFFSET]
            before = max(start - size, 0) if start else None
            steps = {"next": start + size, "previous": before, "first": 0}
            steps["last"] = max(total - 1, 0) // size * size if size else 0
        if not size or start + size >= total:
            steps["next"] = None
        links: dict[str, str | None] = {"self": _target(path, pairs)}
        for link, value in steps.items():
            known = value is not None and name is not None
            others = [pair for pair in pairs if pair[0] != name]
            links[link] = _target(path, [*others, (name or "", str(value))]) if known else None
        return links


def _target(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _is(name: str, kind: Iterable[str]) -> bool:
    return plain_name(name) in kind


def _has(value: Any, wanted: frozenset[str | Decimal]) -> bool:
    """Tell whether a member is what is wanted; numbers are, however they are written."""
    if isinstance(value, list):
        return any(_has(item, wanted) for item in value)
    if isinstance(value, dict):
        return any(_has(value.get(name), wanted) for name in ("id", "name", "key"))
    if isinstance(value, bool):
        return str(value).lower() in wanted
    if isinstance(value, int | float):
        return Decimal(str(value)) in wanted
    return value is not None and str(value) in wanted


# What a list says about itself


def counted(headers: Mapping[str, str], page: Page) -> dict[str, str]:
    """Return the headers of a list; those like `X-Total-Count` tell how many things are found."""
    return {
        name: str(page.total) if plain_name(name).removeprefix("x") in _TOTAL else text
        for name, text in headers.items()
    }


def placed(collection: Collection, body: Body, whole: Any, items: list[Any], page: Page) -> Any:
    """Return the body of a list: the items in it, and around them what is true of this page."""
    if not body.inside:
        return items
    around = whole if isinstance(whole, dict) else {}
    return _Around(collection, page, len(items)).told(body.schema, around, body.inside, items, 0)


class _Around:
    """Writes what an object says of the page of a list that is in it, or beside it."""

    def __init__(self, collection: Collection, page: Page, shown: int) -> None:
        self._document = collection.document
        self._page = page
        self._shown = shown
        things = singulars(collection.template[-1] or "")
        self._counts = [*_TOTAL, "count", *(f"{thing}count" for thing in things)]

    def told(
        self,
        schema: Place,
        whole: Mapping[str, Any],
        inside: tuple[str, ...],
        items: Any,
        depth: int,
    ) -> dict[str, Any]:
        """Return an object with the list where `inside` leads to, and what it says made true."""
        names = members(self._document, schema)
        required = shapes.required(self._document, [schema])
        made: dict[str, Any] = {}
        for name, value in {**whole, **({inside[0]: None} if inside else {})}.items():
            place = joined(self._document, names.get(name, []))
            if inside and name == inside[0]:
                inner = value if isinstance(value, dict) else {}
                rest = inside[1:]
                made[name] = self.told(place, inner, rest, items, depth + 1) if rest else items
            elif isinstance(value, dict) and "href" not in value and depth < _DEEPEST:
                made[name] = self.told(place, value, (), None, depth + 1)
            else:
                self._tell(made, name, value, place, required=name in required, beside=whole)
        return made | {name: link for name, link in self._links(names) if name not in whole}

    def _links(self, names: Members) -> Iterator[tuple[str, str]]:
        """Yield the links to other pages that are declared, shown by an example or not."""
        for name, places in names.items():
            kind = "next" if _is(name, _NEXT) else "previous" if _is(name, _PREVIOUS) else ""
            link = self._page.links.get(kind)
            schema = joined(self._document, places)
            if link is not None and fits(self._document, schema, link, "response"):
                yield name, link

    def _tell(
        self, made: dict[str, Any], name: str, value: Any, place: Place, *,
        required: bool, beside: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """Add one member, unless it is a link to a page that is not there."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number:
            made[name] = self._number(name, value, beside)
        elif isinstance(value, bool):
            made[name] = self._flag(name, value=value)
        elif (link := self._link(name, value)) is not _OTHER:
            if link is not None:
                made[name] = {**value, "href": link} if isinstance(value, dict) else link
            elif place.value and fits(self._document, place, None, "response"):
                made[name] = None
            elif required:
                made[name] = value
        else:
            made[name] = value

    def _number(self, name: str, value: Any, beside: Mapping[str, Any]) -> Any:
        page, plain = self._page, plain_name(name)
        size = page.size or max(page.total, 1)
        if plain == "count" and any(_is(other, _TOTAL) for other in beside):
            return self._shown
        found = {
            **dict.fromkeys(self._counts, page.total),
            "numberofelements": self._shown,
            **dict.fromkeys(_PAGE, page.number),
            **dict.fromkeys(_OFFSET, page.start),
            **dict.fromkeys(_PAGES, -(-page.total // size)),
            **(dict.fromkeys(_SIZE, page.size) if page.size else {}),
        }
        return found.get(plain, value)

    def _flag(self, name: str, *, value: bool) -> bool:
        more, less = self._page.more, self._page.start > 0
        facts = {**dict.fromkeys(_MORE, more), **dict.fromkeys(_LESS, less)}
        facts |= {"first": not less, "last": not more}
        return facts.get(plain_name(name), value)

    def _link(self, name: str, value: Any) -> Any:
        """Return where a link has to lead, None for nowhere, `_OTHER` for what is no such link."""
        href = value.get("href") if isinstance(value, dict) else value
        if href is not None and not isinstance(href, str):
            return _OTHER
        links, keys = self._page.links, self._page.keys
        if _is(name, _CURSOR) and "/" not in (href or ""):
            return keys[-1] if self._page.more and keys else None
        if _is(name, ("firstid", "lastid")) and keys:
            return keys[0 if _is(name, ("firstid",)) else -1]
        if _is(name, _NEXT):
            return links["next"]
        if _is(name, _PREVIOUS):
            return links["previous"]
        if _is(name, ("self", "first", "last")) and "/" in (href or ""):
            return links[plain_name(name)]
        return _OTHER


_OTHER: Final = object()
