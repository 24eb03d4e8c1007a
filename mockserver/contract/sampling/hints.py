"""What a text may look like where its schema leaves that open: by its format, or by its name.

Values are what a frontend developer would make up: people, towns and shops that do not exist,
addresses reserved for examples (RFC 2606, 5737, 3849), moments in January 2026.
"""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from mockserver.contract.sampling.names import START, found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mockserver.contract.sampling.chance import Chance

Maker: TypeAlias = "Callable[[Chance, str], str]"
"""What makes a text for what has a name."""


_LATER: Final = ("update", "modif", "end", "expir", "finish", "complet", "close", "due", "until")

_FIRST: Final = ("Ada", "Grace", "Linus", "Mina", "Noor", "Tomas", "Yuki", "Zoe")
_LAST: Final = ("Bakker", "Costa", "Fischer", "Ito", "Jansen", "Novak", "Okafor", "Silva")
_TOWNS: Final = ("Amsterdam", "Lisbon", "Nairobi", "Oslo", "Prague", "Quito", "Seoul", "Turin")
_COUNTRIES: Final = {"Netherlands": "NL", "Portugal": "PT", "Kenya": "KE", "Norway": "NO"}
_STREETS: Final = ("Harbour Street", "Mill Lane", "Station Road", "Garden Square")
_SHOPS: Final = ("Blue Heron", "North Star", "Copper Kettle", "Green Valley")
_WORDS: Final = (
    "amber", "birch", "cedar", "delta", "ember", "fable", "grove", "harbor",
    "island", "juniper", "kite", "lantern", "meadow", "north", "olive", "pebble",
)  # fmt: skip
_SENTENCES: Final = (
    "The quick brown fox jumps over the lazy dog.",
    "A short text that says what this is about.",
    "Everything is in its place and ready to go.",
    "Nothing here is real, but all of it is valid.",
)
_COLORS: Final = ("red", "green", "blue", "orange", "purple")


def words(chance: Chance, count: int = 2) -> str:
    """Return some plain words."""
    return " ".join(chance.choices(_WORDS, k=count))


def hexadecimal(chance: Chance, digits: int) -> str:
    """Return so many hex digits."""
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _moment(chance: Chance, name: str) -> datetime:
    """Return a moment in January 2026; in February for what comes after something else."""
    later = any(part in name.lower() for part in _LATER)
    return START + timedelta(minutes=chance.randrange(28 * 24 * 60), days=31 if later else 0)


def _date_time(chance: Chance, name: str) -> str:
    return _moment(chance, name).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fraction(digits: int, offset: str = "Z") -> Maker:
    """Return what writes moments with so many decimals of a second."""

    def write(chance: Chance, name: str) -> str:
        decimals = f".{chance.randrange(10**digits):0{digits}d}" if digits else ""
        return f"{_moment(chance, name):%Y-%m-%dT%H:%M:%S}{decimals}{offset}"

    return write


def _date(chance: Chance, name: str) -> str:
    if "birth" in name.lower():
        return (date(1970, 1, 1) + timedelta(days=chance.randrange(12_000))).isoformat()
    return _moment(chance, name).date().isoformat()


def _time(chance: Chance, name: str) -> str:
    return _moment(chance, name).strftime("%H:%M:%SZ")


def _uuid(chance: Chance, _: str) -> str:
    """Return a UUID of version 4 (RFC 9562 § 5.4)."""
    text = hexadecimal(chance, 32)
    variant = "89ab"[int(text[16], 16) % 4]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def _email(chance: Chance, _: str) -> str:
    return f"{chance.choice(_FIRST)}.{chance.choice(_LAST)}@example.com".lower()


def email_of(chance: Chance, length: int) -> str:
    """Return an address of so many characters: its name has up to 64, a label of its host 63."""
    name, _, host = _email(chance, "").partition("@")
    name = f"{name}{_letters(chance, min(length - len(name) - len(host) - 1, 64 - len(name)))}"
    while (short := length - len(name) - len(host) - 1) > 0:
        if short == 1:  # A label and its dot are two.
            name, short = name[:-1], 2
        host = f"{_letters(chance, min(short - 1, 63))}.{host}"
    return f"{name}@{host}"


def _letters(chance: Chance, count: int) -> str:
    return "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(count))


def _host(chance: Chance, _: str) -> str:
    return f"{chance.choice(_WORDS)}.example.com"


def _ipv4(chance: Chance, _: str) -> str:
    return f"192.0.2.{chance.randint(1, 254)}"


def _ipv6(chance: Chance, _: str) -> str:
    return f"2001:db8::{chance.randint(1, 0xFFFF):x}"


def _url(chance: Chance, name: str) -> str:
    low = name.lower()
    end = ".png" if any(p in low for p in ("image", "avatar", "photo", "icon", "logo")) else ""
    return f"https://example.com/{chance.choice(_WORDS)}{end}"


def _path(chance: Chance, _: str) -> str:
    return f"/{chance.choice(_WORDS)}/{chance.choice(_WORDS)}"


def _base64(chance: Chance, _: str) -> str:
    return base64.b64encode(words(chance).encode()).decode()


def _base64url(chance: Chance, name: str) -> str:
    return _base64(chance, name).rstrip("=")


def _duration(chance: Chance, _: str) -> str:
    return f"PT{chance.randint(1, 59)}M"


def _decimal(chance: Chance, _: str) -> str:
    return f"{chance.randint(1, 99)}.{chance.randint(0, 99):02d}"


def _whole(chance: Chance, _: str) -> str:
    return str(chance.randint(1, 9999))


def _name(chance: Chance, _: str) -> str:
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _of(*choices: str) -> Maker:
    return lambda chance, _: chance.choice(choices)


def _hex(digits: int) -> Maker:
    return lambda chance, _: hexadecimal(chance, digits)


def _phone(chance: Chance, _: str) -> str:
    return f"+1555010{chance.randint(1000, 9999)}"


def _slug(chance: Chance, _: str) -> str:
    return words(chance).replace(" ", "-")


def _title(chance: Chance, _: str) -> str:
    return words(chance).capitalize()


FORMATS: Final[Mapping[str, Maker]] = {
    "date-time": _date_time,
    "datetime": _date_time,
    "date": _date,
    "time": _time,
    "duration": _duration,
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ip": _ipv4,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uri": _url,
    "url": _url,
    "iri": _url,
    "uri-reference": _path,
    "iri-reference": _path,
    "uri-template": _of("https://example.com/{id}"),
    "json-pointer": _path,
    "relative-json-pointer": lambda chance, name: f"0{_path(chance, name)}",
    "regex": _of("^[a-z]+$"),
    "uuid": _uuid,
    "guid": _uuid,
    "byte": _base64,
    "base64": _base64,
    "base64url": _base64url,
    "binary": _base64,
    "char": lambda chance, _: chance.choice("abcdefgh"),
    "password": lambda chance, _: f"{words(chance).title().replace(' ', '-')}-7",
    "phone": _phone,
    "decimal": _decimal,
    "double": _decimal,
    "float": _decimal,
    "number": _decimal,
    "int32": _whole,
    "int64": _whole,
    "uint32": _whole,
    "uint64": _whole,
    "integer": _whole,
    "color": lambda chance, _: f"#{hexadecimal(chance, 6)}",
    "unix-time": lambda chance, name: str(int(_moment(chance, name).timestamp())),
    "markdown": _of(*_SENTENCES),
    "html": lambda chance, _: f"<p>{chance.choice(_SENTENCES)}</p>",
}

SPELLINGS: Final[Mapping[str, tuple[Maker, ...]]] = {
    "date-time": (
        _fraction(3), _fraction(0, "+00:00"), _fraction(3, "+00:00"), _fraction(6),
        _fraction(6, "+00:00"), _fraction(9),
    ),
    "email": (_of("ada@example.com"), _of("a@b.co")),
}  # fmt: skip
"""Other ways to write a format, for schemas that the usual one does not fit."""

_TEXTS: Final[Mapping[str, Maker]] = {
    "address": lambda chance, _: f"{chance.randint(1, 99)} {chance.choice(_STREETS)}",
    "at": _date_time,
    "author": _name,
    "avatar": _url,
    "birthday": lambda chance, _: _date(chance, "birth"),
    "body": _of(*_SENTENCES),
    "brand": _of(*_SHOPS),
    "city": _of(*_TOWNS),
    "color": _of(*_COLORS),
    "colour": _of(*_COLORS),
    "comment": _of(*_SENTENCES),
    "company": _of(*_SHOPS),
    "content": _of(*_SENTENCES),
    "country": _of(*_COUNTRIES),
    "country code": _of(*_COUNTRIES.values()),
    "currency": _of("EUR", "USD"),
    "currency code": _of("EUR", "USD"),
    "cursor": _hex(16),
    "date": _date,
    "description": _of(*_SENTENCES),
    "detail": _of(*_SENTENCES),
    "display name": _name,
    "domain": _host,
    "email": _email,
    "etag": _hex(16),
    "expires": _date_time,
    "file": lambda chance, _: f"{chance.choice(_WORDS)}.txt",
    "file name": lambda chance, _: f"{chance.choice(_WORDS)}.txt",
    "filename": lambda chance, _: f"{chance.choice(_WORDS)}.txt",
    "first name": _of(*_FIRST),
    "full name": _name,
    "gender": _of("female", "male"),
    "guid": _uuid,
    "hash": _hex(40),
    "host": _host,
    "hostname": _host,
    "href": _url,
    "icon": _url,
    "id": _hex(8),
    "image": _url,
    "ip": _ipv4,
    "ip address": _ipv4,
    "key": _hex(16),
    "lang": _of("en", "nl"),
    "language": _of("en", "nl"),
    "last name": _of(*_LAST),
    "latitude": lambda chance, _: f"{chance.uniform(-60, 60):.4f}",
    "level": _of("info", "warning"),
    "link": _url,
    "locale": _of("en-US", "nl-NL"),
    "location": _of(*_TOWNS),
    "login": lambda chance, _: chance.choice(_FIRST).lower(),
    "longitude": lambda chance, _: f"{chance.uniform(-180, 180):.4f}",
    "media type": _of("application/json", "text/plain"),
    "message": _of(*_SENTENCES),
    "mime type": _of("application/json", "text/plain"),
    "mobile": _phone,
    "model": _of("model-1", "model-2"),
    "name": _title,
    "note": _of(*_SENTENCES),
    "owner": _name,
    "password": FORMATS["password"],
    "path": _path,
    "phone": _phone,
    "phone number": _phone,
    "photo": _url,
    "postal code": lambda chance, _: f"{chance.randint(10_000, 99_999)}",
    "price": _decimal,
    "reason": _of(*_SENTENCES),
    "region": _of("north", "south"),
    "role": _of("admin", "member"),
    "secret": _hex(32),
    "sha": _hex(40),
    "sku": lambda chance, _: f"SKU-{chance.randint(1000, 9999)}",
    "slug": _slug,
    "state": _of("active", "open"),
    "status": _of("active", "open"),
    "street": lambda chance, _: f"{chance.randint(1, 99)} {chance.choice(_STREETS)}",
    "summary": _of(*_SENTENCES),
    "surname": _of(*_LAST),
    "symbol": lambda chance, _: chance.choice(_WORDS)[:4].upper(),
    "text": _of(*_SENTENCES),
    "time": _date_time,
    "time zone": _of("Europe/Amsterdam", "UTC"),
    "timestamp": _date_time,
    "timezone": _of("Europe/Amsterdam", "UTC"),
    "title": _title,
    "token": _hex(32),
    "uri": _url,
    "url": _url,
    "user name": lambda chance, _: chance.choice(_FIRST).lower(),
    "username": lambda chance, _: chance.choice(_FIRST).lower(),
    "uuid": _uuid,
    "version": lambda chance, _: f"1.{chance.randint(0, 9)}.0",
    "website": _url,
    "zip": lambda chance, _: f"{chance.randint(10_000, 99_999)}",
    "zip code": lambda chance, _: f"{chance.randint(10_000, 99_999)}",
}


def text(name: str) -> Maker | None:
    """Return what makes texts for what has this name, or None."""
    return found(_TEXTS, name)
