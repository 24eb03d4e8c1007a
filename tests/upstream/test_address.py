"""Where an upstream is, and where Locations lead."""

import pytest

from mockserver.errors import StartError
from mockserver.upstream.address import address_of

URLS = {
    "plain": ("http://a.test", "http://a.test", "a.test"),
    "without a scheme": ("localhost:3000", "http://localhost:3000", "localhost:3000"),
    "the usual port": ("https://a.test:443/", "https://a.test", "a.test"),
    "another port": ("https://a.test:80", "https://a.test:80", "a.test:80"),
    "a path": ("http://A.test/v1/", "http://a.test/v1", "a.test"),
    "an address": ("http://[::1]:8", "http://[::1]:8", "[::1]:8"),
}


@pytest.mark.parametrize(("url", "text", "authority"), URLS.values(), ids=URLS)
def test_an_upstream_is_named_by_its_url(url, text, authority):
    """Its usual port is left out; a path comes before all paths."""
    address = address_of(url)
    assert (str(address), address.authority) == (text, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a",
        "http://",
        "http://a:b",
        "http://a?x",
        "http://a#x",
        "http://u:s3cret@a",
        "http://ä",
    ],
)
def test_what_names_no_server_is_refused(url):
    """With the code that says so, and without a password."""
    with pytest.raises(StartError) as error:
        address_of(url)
    assert error.value.code == "bad-upstream"
    assert "s3cret" not in str(error.value)


LOCATIONS = {
    "its own": ("http://a.test", "http://a.test/x?y#z", "/x?y#z"),
    "its own with the usual port": ("https://a.test", "https://A.TEST:443/x", "/x"),
    "its own without a path": ("http://a.test", "http://a.test", "/"),
    "its own by a network path": ("http://a.test", "//a.test/x", "/x"),
    "another scheme": ("http://a.test", "https://a.test/x", "https://a.test/x"),
    "another host": ("http://a.test", "http://b.test/x", "http://b.test/x"),
    "a path": ("http://a.test", "/x", "/x"),
    "relative": ("http://a.test/v1", "../x", "../x"),
    "below the prefix": ("http://a.test/v1", "http://a.test/v1/x", "/x"),
    "the prefix itself": ("http://a.test/v1", "/v1?x", "/?x"),
    "a path below the prefix": ("http://a.test/v1", "/v1/x", "/x"),
    "not below the prefix": ("http://a.test/v1", "/v10/x", "http://a.test/v10/x"),
    "no URL": ("http://a.test", "http://[x", "http://[x"),
}


@pytest.mark.parametrize(("upstream", "said", "location"), LOCATIONS.values(), ids=LOCATIONS)
def test_a_location_leads_through_the_proxy_where_it_can(upstream, said, location):
    """Below the upstream's own URL it is made relative to the root; all others stay."""
    assert address_of(upstream).location(said) == location
