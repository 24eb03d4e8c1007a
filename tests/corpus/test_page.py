"""The page about the documents is true."""

import pytest
from corpus import ASKED, ENTRIES
from documents_page import PAGE, page


@pytest.mark.skipif(bool(ASKED), reason="other documents were asked for")
def test_the_page_is_what_the_documents_are():
    """Run tests/corpus/documents_page.py if not."""
    for entry in ENTRIES.values():
        entry.path()
    assert PAGE.read_text(encoding="utf-8") == page()
