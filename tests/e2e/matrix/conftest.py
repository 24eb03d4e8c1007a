"""The option that writes ``docs/clients.md`` anew."""


def pytest_addoption(parser):
    """Add --update-clients."""
    parser.addoption(
        "--update-clients",
        action="store_true",
        help="run every client and write docs/clients.md anew",
    )
