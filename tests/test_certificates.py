"""Certificates that are read, and such as are made; what programs need to trust them."""

import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from mockserver import MockServer, StartError
from mockserver.certificates import LASTING, certificate_of, names_of

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def files(tmp_path):
    """A pair, and what people take for one."""
    authority = trustme.CA()
    made = authority.issue_cert("localhost")
    other = authority.issue_cert("localhost")
    key = made.private_key_pem.bytes()
    chain = made.cert_chain_pems[0].bytes()
    old = authority.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    early = authority.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 9 * DAY)
    found = {
        "cert": chain,
        "key": key,
        "both": key + chain,
        "commented": b"# \xff\nBag Attributes\n" + chain,
        "other-key": other.private_key_pem.bytes(),
        "reversed": authority.cert_pem.bytes() + chain,
        "encrypted": _encrypted(made.private_key_pem.bytes()),
        "encrypted-old": key.replace(
            b"PRIVATE KEY-----\n", b"PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1
        ),
        "old": old.cert_chain_pems[0].bytes(),
        "early": early.cert_chain_pems[0].bytes(),
        "der": ssl.PEM_cert_to_DER_cert(chain.decode()),
        "empty": b"",
        "blank": b" \n",
        "marked": b"\xef\xbb\xbf" + chain,
        "marked-key": b"\xef\xbb\xbf" + key,
        "p12": _pkcs12(key, chain),
        "text": b"this is no certificate",
        "broken": chain[:100] + b"!" + chain[120:],
        "cut": chain[: len(chain) // 2],
        "broken-key": key[:60] + b"!!!!" + key[64:],
    }
    for name, content in found.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    return tmp_path


def _pkcs12(key, chain):
    s = serialization
    return pkcs12.serialize_key_and_certificates(
        b"own",
        s.load_pem_private_key(key, None),
        x509.load_pem_x509_certificate(chain),
        None,
        s.BestAvailableEncryption(b"secret"),
    )


def _encrypted(pem):
    s = serialization
    key = s.load_pem_private_key(pem, None)
    return key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize(
    "names", [("cert", "key"), ("both",), ("both", "key"), ("commented", "key")]
)
def test_a_pair_is_taken_from_one_file_or_two(files, names):
    """Whatever else stands in them."""
    tls = tuple(files / name for name in names)
    found = certificate_of(tls if len(tls) > 1 else tls[0], "127.0.0.1")
    assert found.trusted.count("BEGIN CERTIFICATE") == 1
    assert not found.made


WRONG = {
    "no file": (("nowhere", "key"), "unreadable-certificate", "nowhere: No such file or directory"),
    "a folder": (("folder", "key"), "unreadable-certificate", "folder: Is a directory"),
    "no file of a key": (("cert", "nowhere"), "unreadable-certificate", "nowhere: No such file or directory"),
    "nothing in it": (("empty", "key"), "no-pem", "empty is empty"),
    "a blank line": (("blank", "key"), "no-pem", "blank is empty"),
    "no key in it": (("cert", "empty"), "no-pem", "empty is empty"),
    "PKCS#12": (("p12",), "no-pem", "p12 is PKCS#12, not PEM"),
    "PKCS#12 as a key": (("cert", "p12"), "no-pem", "p12 is PKCS#12, not PEM"),
    "a byte order mark": (("marked", "key"), "unusable-certificate", "marked begins with a byte order mark"),
    "a byte order mark before a key": (("cert", "marked-key"), "unusable-certificate", "marked-key begins with a byte order mark"),
    "a text": (("text", "key"), "no-pem", "there is no certificate in PEM in "),
    "DER": (("der", "key"), "no-pem", "there is no certificate in PEM in "),
    "each for the other": (("key", "cert"), "no-pem", "key is the key, and "),
    "the key twice": (("key", "key"), "no-pem", "there is no certificate in PEM in "),
    "the certificate twice": (("cert", "cert"), "no-pem", "there is no private key in PEM in "),
    "no key": (("cert",), "no-pem", "there is no private key in PEM in "),
    "the key of another": (("cert", "other-key"), "wrong-key", "other-key is not that of the first certificate in "),
    "a chain from above": (("reversed", "key"), "wrong-key", "key is not that of the first certificate in "),
    "an encrypted key": (("cert", "encrypted"), "encrypted-key", "encrypted is encrypted"),
    "an encrypted key as it was": (("cert", "encrypted-old"), "encrypted-key", "encrypted-old is encrypted"),
    "expired": (("old", "key"), "certificate-not-valid-now", f"old has expired on {NOW - DAY:%Y-%m-%d}"),
    "not valid yet": (("early", "key"), "certificate-not-valid-now", f"early is valid from {NOW + DAY:%Y-%m-%d} on"),
    "broken": (("broken", "key"), "unusable-certificate", "broken cannot be used: "),
    "cut off": (("cut", "key"), "unusable-certificate", "cut cannot be used: "),
    "a broken key": (("cert", "broken-key"), "unusable-certificate", "cert cannot be used: "),
}  # fmt: skip


@pytest.mark.parametrize(("names", "code", "what"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_pair_is_said(files, names, code, what):
    """Before the server listens, with what would help."""
    tls = tuple(files / name for name in names)
    with pytest.raises(StartError) as caught:
        certificate_of(tls if len(tls) > 1 else tls[0], "127.0.0.1")
    assert caught.value.code == code
    assert what in caught.value.what
    assert caught.value.mend
    assert "FILE" not in caught.value.mend


NAMES = {
    "loopback": ("127.0.0.1", (), []),
    "all addresses": ("0.0.0.0", (), []),
    "all addresses, IPv6": ("::", (), []),
    "another": ("10.1.2.3", (), ["10.1.2.3"]),
    "by name": ("mock.test", ("*", "a.test", "[fd00::1]"), ["mock.test", "a.test", "fd00::1"]),
    "said twice": ("localhost", ("a.test", "a.test"), ["a.test"]),
}


@pytest.mark.parametrize(("host", "others", "more"), NAMES.values(), ids=NAMES)
def test_the_certificate_has_all_names_of_the_server(monkeypatch, host, others, more):
    """Those of this machine, and by which the operator says that it is reached."""
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    assert [*names_of(host, others)] == ["localhost", "127.0.0.1", "::1", "box", *more]


def test_a_host_name_that_no_certificate_can_have_is_left_out(monkeypatch):
    """Machines may be called what they like."""
    monkeypatch.setattr("socket.gethostname", lambda: "my_box")
    assert "my_box" not in names_of("127.0.0.1", ())


@pytest.mark.parametrize(
    "name", ["a b", "user@a.test", "10.0.0.0/8", "*.test", "-a", "a..b", "ä" * 99]
)
def test_a_name_that_cannot_be_in_a_certificate_is_refused(name):
    """It is no host either."""
    with pytest.raises(StartError) as caught:
        certificate_of("self-signed", "127.0.0.1", [name])
    assert caught.value.code == "bad-host"


def test_a_certificate_that_is_made_is_short_lived_and_has_no_authority_behind_it(tmp_path):
    """Apple's clients want both of it; and the authority can sign nothing but this."""
    made = certificate_of("self-signed", "mock.test", ["münchen.test"])
    authority = x509.load_pem_x509_certificate(made.trusted.encode())
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    assert made.made
    (own,) = _shown(made)
    assert own.not_valid_after_utc - own.not_valid_before_utc == LASTING
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = names.get_values_for_type(x509.DNSName)
    assert {"localhost", "mock.test", "xn--mnchen-3ya.test"} <= set(found)
    own.verify_directly_issued_by(authority)


def _shown(certificate):
    """Return what a client is shown, by a handshake in memory."""
    client = ssl.create_default_context(cadata=certificate.trusted)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    answering = certificate.server_side.wrap_bio(to_server, to_client, server_side=True)
    for end in (asking, answering, asking):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    yield x509.load_der_x509_certificate(asking.getpeercert(binary_form=True))


def test_no_key_is_left_on_disk(tmp_path, monkeypatch):
    """While it is read it is in a file that nobody else can read; then that is gone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    load = ssl.SSLContext.load_cert_chain

    def watched(context, path, *rest, **more):
        seen.append((Path(path).stat().st_mode & 0o777, b"PRIVATE KEY" in Path(path).read_bytes()))
        return load(context, path, *rest, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    with MockServer(tls="self-signed") as server:
        file = server.ca_file
        left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert file.parent.stat().st_mode & 0o777 == 0o700
    assert seen == [(0o600, True)]
    assert len(left) == 1
    assert b"PRIVATE" not in left[0]
    assert not any(tmp_path.iterdir())


def test_a_machine_without_temporary_files_is_told_so(tmp_path, monkeypatch):
    """As a container whose files are read-only is."""
    made = certificate_of("self-signed", "127.0.0.1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    for work in (lambda: made.file, lambda: certificate_of("self-signed", "127.0.0.1")):
        with pytest.raises(StartError) as caught:
            work()
        assert caught.value.code == "unwritable-certificate"


def test_what_a_command_trusted_it_goes_on_to_trust(tmp_path, monkeypatch):
    """Where a variable replaces what a program trusts, ours stands behind what was there."""
    system = tmp_path / "system.pem"
    system.write_bytes("# Ümlaut\nSYSTEM\n".encode("latin-1"))
    own = tmp_path / "own.pem"
    own.write_text("OWN\n")
    monkeypatch.setattr("mockserver.certificates._SYSTEM", (str(system),))
    monkeypatch.setattr("mockserver.certificates.ssl.get_default_verify_paths", _nowhere)
    made = certificate_of("self-signed", "127.0.0.1")
    around = {"REQUESTS_CA_BUNDLE": str(own), "SSL_CERT_FILE": str(tmp_path / "gone")}
    found = {name: Path(path).read_text() for name, path in made.environment(around).items()}
    ca = made.trusted
    assert found == {
        "MOCKSERVER_CA": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "SSL_CERT_FILE": f"# ?mlaut\nSYSTEM\n\n{ca}",
        "REQUESTS_CA_BUNDLE": f"OWN\n\n{ca}",
        "CURL_CA_BUNDLE": f"# ?mlaut\nSYSTEM\n\n{ca}",
    }
    made.remove()


def _nowhere():
    return ssl.DefaultVerifyPaths(None, None, "", "", "", "")


def test_a_certificate_of_your_own_changes_no_environment(files):
    """Who serves it has its authority trusted already."""
    assert certificate_of((files / "cert", files / "key"), "127.0.0.1").environment({}) == {}


def test_a_server_without_tls_imports_none_of_it():
    """cryptography takes longer than all the rest of a certificate."""
    code = (
        "import sys\nfrom mockserver import MockServer\n"
        "with MockServer(): print('trustme' in sys.modules, 'cryptography' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False False\n"
