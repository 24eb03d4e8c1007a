"""What ships, read once for all tests of a process: the Petstore and its scenarios."""

from functools import cache

from mockserver.workspace.shipped import petstore


@cache
def catalog():
    """Return the catalog, which nobody changes, and its problems."""
    return petstore().load()
