"""Tests here talk to a server over real sockets on loopback, port 0."""

import pytest
import trustme


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """A certificate of localhost and its key, in two files."""
    folder = tmp_path_factory.mktemp("pair")
    made = trustme.CA().issue_cert("localhost", "127.0.0.1")
    made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    return folder / "cert.pem", folder / "key.pem"
