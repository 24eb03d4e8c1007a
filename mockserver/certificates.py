"""What the server shows of itself by TLS: a certificate that was made elsewhere, or makes itself.

No private key is left on disk: that of the authority is forgotten as soon as it has signed, the
server's own is in a file that nobody else can read for as long as OpenSSL reads it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from mockserver.addresses import is_address
from mockserver.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cryptography import x509

Tls: TypeAlias = "str | os.PathLike[str] | tuple[str | os.PathLike[str], ...]"
"""`self-signed`, the file with certificate and key, or both files: certificate, key."""

SELF_SIGNED: Final = "self-signed"
LASTING: Final = timedelta(days=397)
"""How long a certificate that we make is valid; Apple's clients take none for more than 825."""
SLOW_CLOCKS: Final = timedelta(days=1)
"""For how long it has been valid already: containers and telephones may be behind."""

_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS: Final = ("", "0.0.0.0", "::", "*")  # noqa: S104
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_KEY: Final = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
_MARK: Final = b"\xef\xbb\xbf"
# RFC 7292 § 4: a sequence that begins with the version 3, whatever its length is written like.
_PKCS12: Final = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03\x30", re.DOTALL
)
_ENCRYPTED: Final = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED")
# Where systems keep what they trust, where OpenSSL was not told of it as one file.
_SYSTEM: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
# Variables that name what a program trusts *besides* its own, and *in place of* it.
_BESIDES: Final = ("NODE_EXTRA_CA_CERTS",)
_IN_PLACE: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(slots=True)
class Certificate:
    """What the server shows to its clients.

    `trusted` is what they have to trust, as PEM: the authority, where we have made one (`made`),
    else the certificate's own chain.
    """

    server_side: ssl.SSLContext
    trusted: str
    made: bool = False
    _folder: Path | None = field(default=None, init=False)

    def client_side(self) -> ssl.SSLContext:
        """Return what trusts this server besides all that the system trusts."""
        context = ssl.create_default_context(cadata=self.trusted)
        context.load_default_certs()
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    @property
    def file(self) -> Path:
        """A file with what clients have to trust; made when first asked for, until `remove`."""
        return self.write("ca.pem", self.trusted)

    def write(self, name: str, text: str) -> Path:
        """Write a file that is there until `remove`. Raises StartError."""
        with _writing():
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="mockserver-"))
            path = self._folder / name
            if not path.exists():
                path.write_text(text, encoding="ascii")
        return path

    def remove(self) -> None:
        """Remove all files that were made."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def environment(self, around: Mapping[str, str]) -> dict[str, str]:
        """Return variables by which programs trust this server, besides what they trusted.

        Only for a certificate that we have made: another one's clients trust it already.
        """
        if not self.made:
            return {}
        found = {"MOCKSERVER_CA": str(self.file)}
        for name in (*_BESIDES, *_IN_PLACE):
            before = _pem_of(around.get(name))
            if not before and name in _IN_PLACE:
                before = _system_pem()
            whole = self.write(f"{name.lower()}.pem", f"{before}\n{self.trusted}".lstrip())
            found[name] = str(whole)
        return found


def _system_pem() -> str:
    """Return what the system trusts, empty where that is in no file."""
    known = (ssl.get_default_verify_paths().cafile, *_SYSTEM)
    return next((text for text in map(_pem_of, known) if text), "")


def _pem_of(file: str | None) -> str:
    with contextlib.suppress(OSError, ValueError):
        if file:
            # Comments in such files may be in any coding; certificates are ASCII.
            return Path(file).read_bytes().decode("ascii", "replace").replace("\ufffd", "?")
    return ""


def certificate_of(tls: Tls, host: str, others: Iterable[str] = ()) -> Certificate:
    """Return the certificate that `tls` asks for, for a server that is reached by these names.

    Raises StartError.
    """
    if tls == SELF_SIGNED:
        return _made([*names_of(host, others)])
    files = (tls,) if isinstance(tls, (str, os.PathLike)) else tls
    return _read(*map(Path, files))


def names_of(host: str, others: Iterable[str]) -> Iterator[str]:
    """Yield the names and addresses by which a server that listens on `host` may be reached."""
    own = socket.gethostname()
    here = (own,) if _HOST_NAME.fullmatch(own) else ()
    named = (name.strip("[]") for name in (host, *others))
    yield from dict.fromkeys((*_THIS_MACHINE, *here, *(n for n in named if n not in _ANY_ADDRESS)))


def _made(names: list[str]) -> Certificate:
    """Make an authority that signs one certificate, and is never seen again."""
    import trustme  # noqa: PLC0415  (it takes 130 ms)

    for name in names:
        _check_name(name)
    begin = datetime.now(UTC) - SLOW_CLOCKS
    authority = trustme.CA(path_length=0, organization_name="mockserver")
    own = authority.issue_cert(
        *names,
        common_name="mockserver",
        organization_name="mockserver",
        not_before=begin,
        not_after=begin + LASTING,
    )
    context = _context()
    with _writing():
        own.configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes().decode("ascii"), made=True)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Say what it means that a temporary file cannot be written. Raises StartError."""
    try:
        yield
    except ssl.SSLError:
        raise
    except OSError as error:
        raise StartError(
            f"no temporary file can be written: {error.strerror or error}",
            code="unwritable-certificate",
            mend="set TMPDIR to a folder that can be written, in memory if need be",
        ) from None


def _check_name(name: str) -> None:
    if is_address(name):
        return
    with contextlib.suppress(UnicodeError):
        if _HOST_NAME.fullmatch(name.encode("idna").decode("ascii")):
            return
    raise StartError(
        f"a certificate cannot name {name!r}",
        code="bad-host",
        mend="write a host name such as example.test, or an address",
    )


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(file: Path, key: Path | None = None) -> Certificate:
    """Read a certificate with its chain, and its key. Raises StartError."""
    chain = _content(file)
    keys = chain if key is None else _content(key)
    for path, content in ((file, chain), (key or file, keys)):
        _check_form(path, content)
    if not _CERTIFICATE.search(chain):
        if _KEY.search(chain) and key and _CERTIFICATE.search(keys):
            raise StartError(
                f"{file} is the key, and {key} the certificate",
                code="no-pem",
                mend="name them the other way round",
            )
        raise _no_pem(file, "certificate", "openssl x509 -inform der -in FILE -out cert.pem")
    if _ENCRYPTED.search(keys):
        raise StartError(
            f"the key in {key or file} is encrypted",
            code="encrypted-key",
            mend=f"decrypt it: openssl pkey -in {key or file} -out plain.pem, "
            "and let nobody else read that",
        )
    if not _KEY.search(keys):
        ways = "openssl pkey -inform der -in FILE -out key.pem"
        raise _no_pem(key or file, "private key", ways if key else "name its file with --tls-key")
    _check_dates(file, _parsed(file, chain))
    context = _context()
    try:
        context.load_cert_chain(file, key, password=_no_password)
    except ssl.SSLError as error:
        raise _unusable(file, key or file, error) from None
    found = re.findall(
        rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", chain, re.DOTALL
    )
    return Certificate(context, b"\n".join(found).decode("ascii", "replace") + "\n")


def _check_form(file: Path, content: bytes) -> None:
    """Say of a file that is no PEM what it is, where that is plain. Raises StartError."""
    if not content.strip():
        raise StartError(
            f"{file} is empty",
            code="no-pem",
            mend="name files in PEM, which begin with a line such as -----BEGIN CERTIFICATE-----",
        )
    if content.startswith(_MARK):
        raise StartError(
            f"{file} begins with a byte order mark, which OpenSSL does not read over",
            code="unusable-certificate",
            mend=f"save it as plain ASCII: tail -c +4 {file} > plain.pem",
        )
    if _PKCS12.match(content):
        raise StartError(
            f"{file} is PKCS#12, not PEM",
            code="no-pem",
            mend=f"take both out of it: openssl pkcs12 -in {file} -out both.pem -nodes",
        )


def _no_password() -> str:
    return ""  # else OpenSSL would ask at the terminal


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StartError(
            f"cannot read {file}: {reason}",
            code="unreadable-certificate",
            mend="name files that can be read with --tls-cert and --tls-key",
        ) from None


def _no_pem(file: Path, what: str, mend: str) -> StartError:
    mend = mend.replace("FILE", str(file))
    return StartError(f"there is no {what} in PEM in {file}", code="no-pem", mend=mend)


def _parsed(file: Path, chain: bytes) -> x509.Certificate:
    """Return the first certificate of a chain. Raises StartError."""
    from cryptography import x509  # noqa: PLC0415  (it takes 60 ms)

    try:
        return x509.load_pem_x509_certificates(chain)[0]
    except ValueError as error:
        raise _broken(file, str(error)) from None


def _check_dates(file: Path, found: x509.Certificate) -> None:
    now = datetime.now(UTC)
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    if begin <= now <= end:
        return
    when = f"has expired on {end:%Y-%m-%d}" if now > end else f"is valid from {begin:%Y-%m-%d} on"
    raise StartError(
        f"the certificate in {file} {when}",
        code="certificate-not-valid-now",
        mend="make a new one, or serve with --tls self-signed",
    )


def _unusable(file: Path, key: Path, error: ssl.SSLError) -> StartError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return StartError(
            f"the key in {key} is not that of the first certificate in {file}",
            code="wrong-key",
            mend="name the files of one pair; in a chain the server's own certificate comes first",
        )
    return _broken(file, (error.reason or str(error)).replace("_", " ").lower())


def _broken(file: Path, reason: str) -> StartError:
    return StartError(
        f"the certificate in {file} cannot be used: {reason.strip() or 'it is broken'}",
        code="unusable-certificate",
        mend=f"look at it: openssl x509 -noout -text -in {file}",
    )
