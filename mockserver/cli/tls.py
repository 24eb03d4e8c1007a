"""The options of HTTPS: which certificate is shown, and how those get to trust it who shall."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.certificates import SELF_SIGNED, Tls
from mockserver.errors import StartError

if TYPE_CHECKING:
    import argparse

    from mockserver.runner import MockServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--tls",
        choices=(SELF_SIGNED,),
        help="speak HTTPS, with a certificate made for this run; clients trust it by the file that "
        "is named at the start, which is also at /_mock/ca.pem",
    )
    parser.add_argument(
        "--tls-ca-out",
        metavar="FILE",
        type=Path,
        help="where to write that file, as PEM (default: a temporary one)",
    )
    parser.add_argument(
        "--tls-cert",
        metavar="FILE",
        type=Path,
        help="speak HTTPS with this certificate and its chain, as PEM",
    )
    parser.add_argument(
        "--tls-key", metavar="FILE", type=Path, help="its key, where that is not in the same file"
    )


def setting(args: argparse.Namespace) -> Tls | None:
    """Return what MockServer takes. Raises StartError for options that do not fit together."""
    if args.tls is not None and (args.tls_cert or args.tls_key):
        what, mend = "--tls self-signed makes its own certificate", "leave out --tls, or the files"
    elif args.tls_key is not None and args.tls_cert is None:
        what, mend = "--tls-key has no certificate", "name its file with --tls-cert"
    elif args.tls_ca_out is not None and args.tls is None:
        what, mend = "--tls-ca-out has nothing to write", "add --tls self-signed"
    elif args.tls_cert is None:
        tls: Tls | None = args.tls
        return tls
    else:
        return args.tls_cert if args.tls_key is None else (args.tls_cert, args.tls_key)
    raise StartError(what, code="tls-options", mend=mend)


def tell(server: MockServer, args: argparse.Namespace) -> None:
    """Say where the authority is that clients have to trust, if we have made one.

    Raises StartError where the file cannot be written.
    """
    certificate = server.certificate
    if certificate is None or not certificate.made:
        return
    file: Path = args.tls_ca_out or certificate.file
    if args.tls_ca_out is not None:
        try:
            file.write_text(certificate.trusted, encoding="ascii")
        except OSError as error:
            raise StartError(
                f"the certificate cannot be written to {file}: {error.strerror or error}",
                code="unwritable-certificate",
                mend="name a file that can be written with --tls-ca-out",
            ) from None
    if args.command == "serve":
        print(f"Clients trust {file} (and {server.url}/_mock/ca.pem)", flush=True)


def environment(server: MockServer) -> dict[str, str]:
    """Return variables by which a command trusts the server."""
    return {} if server.certificate is None else server.certificate.environment(os.environ)
