"""The server itself: is it up, which version is it, its document, a fresh look at its files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

import mockserver
from mockserver.errors import ControlError, LoadError, StartError
from mockserver.server.control.ask import FRESH, Ask, Handler, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.errors import Problem
    from mockserver.server.live import Live


def health(_: Live) -> web.Response:
    """Say that the process answers at all."""
    return answer({"status": "ok", "version": mockserver.__version__})


def ready(live: Live) -> web.Response:
    """Say whether requests are answered: all is loaded before the server listens."""
    if live.stopping:
        raise ControlError(503, "the server is stopping", code="stopping")
    catalog = live.catalog
    return answer(
        {
            "status": "ready",
            "operations": len(catalog.contract.operations),
            "scenarios": len(catalog.programs),
        }
    )


def version(_: Live) -> web.Response:
    """Name the program and its version."""
    return answer({"name": "sse-mockserver", "version": mockserver.__version__})


def ca(live: Live) -> web.Response:
    """Return the authority that clients have to trust. Raises ControlError where there is none."""
    certificate = live.certificate
    if certificate is None or not certificate.made:
        raise ControlError(
            404,
            "this server has made no certificate",
            code="no-certificate-authority",
            mend="serve with --tls self-signed",
        )
    named = {"Content-Disposition": 'attachment; filename="mockserver-ca.pem"'}
    # So browsers and telephones offer to trust it.
    kind = "application/x-x509-ca-cert"
    return web.Response(text=certificate.trusted, content_type=kind, headers=FRESH | named)


OPEN: Final[dict[str, Callable[[Live], web.Response]]] = {
    "/health": health,
    "/ready": ready,
    "/version": version,
    "/ca.pem": ca,
}
"""What everybody may ask, wherever they are: it tells nothing of any test, and changes nothing."""


async def document(ask: Ask) -> web.Response:
    """Return the document of the control API as JSON."""
    text = json.dumps(ask.live.control.contract.document.tree, indent=1) + "\n"
    return web.Response(text=text, content_type="application/json", headers=FRESH)


async def reload(ask: Ask) -> web.Response:
    """Read document and scenarios anew, for the connections to come.

    Raises ControlError (422) with all problems of all files; what was loaded before stays.
    """
    try:
        found = await ask.live.reload()
    except LoadError as error:
        listed = [_problem(problem) for problem in error.problems]
        wrong = sum(problem.severity == "error" for problem in error.problems)
        raise ControlError(
            422,
            f"{wrong} {'problem' if wrong == 1 else 'problems'} in the files; "
            "what was loaded before stays",
            code="files-with-problems",
            mend="mend the files and reload once more",
            problems=listed,
        ) from None
    except StartError as error:
        raise ControlError(422, error.what, code=error.code, mend=error.mend) from None
    scenarios = len(ask.live.catalog.programs)
    return answer({"scenarios": scenarios, "problems": [_problem(p) for p in found]})


async def problems(ask: Ask) -> web.Response:
    """Return what was found wrong with the files when they were read last."""
    live = ask.live
    listed = [_problem(problem) for problem in live.faults]
    return answer({"version": live.version, "stale": live.stale, "problems": listed})


def _problem(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "where": str(where),
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "pointer": where.pointer,
        "source": where.source,
        "width": where.width,
        "what": problem.what,
        "code": problem.code,
        "mend": problem.mend,
        "severity": problem.severity,
    }


HANDLERS: Final[dict[str, Handler]] = {
    "getControlDocument": document,
    "reload": reload,
    "getProblems": problems,
}
