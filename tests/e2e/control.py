"""What the tests of pages share: the control API, and a tab that has not been told its token."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from webdriver import Browser

TOKEN_ASKED = "return document.querySelector('#token-dialog').open"

LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
"""Tells a page that somebody looks at it again."""


def ask(server: Any, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask a server; returns the status, and JSON as a value, all else as bytes."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if is_json else text
    finally:
        connection.close()


def asked_for_its_token(browser: Browser, url: str) -> None:
    """Open a page in a tab that knows no token; the dialog is open."""
    browser.view(1440, 900)
    browser.open("about:blank")
    browser.open(url)
    browser.run("sessionStorage.clear()")
    browser.open("about:blank")
    browser.open(url)
    browser.until(TOKEN_ASKED)
