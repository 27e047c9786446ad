"""HTTP Digest as RFC 7616 has it."""

import re

import pytest

from trapstreet.plugins.sources._digest import Challenge, Digest, best, challenges

REALM, NONCE = "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
OFFERED = f'Digest realm="{REALM}", qop="auth, auth-int", algorithm={{}}, nonce="{NONCE}", opaque="{OPAQUE}"'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_answers_are_those_of_the_standards_example(algorithm: str, response: str) -> None:
    """RFC 7616, 3.9.1."""
    found = best(challenges(OFFERED.format(algorithm)))
    assert found is not None
    header = Digest(found, "Mufasa", "Circle of Life", cnonce=CNONCE).header("GET", "/dir/index.html")
    assert f'response="{response}"' in header
    assert 'username="Mufasa"' in header
    assert f'opaque="{OPAQUE}"' in header
    assert "nc=00000001" in header


def test_the_better_algorithm_is_taken_whatever_comes_first() -> None:
    both = challenges(f'{OFFERED.format("MD5")}, Basic realm="x, y", {OFFERED.format("SHA-256")}')
    assert [each.scheme for each in both] == ["digest", "basic", "digest"]
    found = best(both)
    assert found is not None
    assert found.said["algorithm"] == "SHA-256"
    assert found.said["qop"] == "auth, auth-int"


def test_each_use_of_a_nonce_is_counted_and_another_target_is_another_answer() -> None:
    found = best(challenges(OFFERED.format("SHA-256-sess")))
    assert found is not None
    digest = Digest(found, "Mufasa", "Circle of Life")
    headers = [digest.header("GET", "/a"), digest.header("GET", "/a"), digest.header("GET", "/b")]
    counts = [re.findall(r"nc=(\w+)", each)[0] for each in headers]
    assert counts == ["00000001", "00000002", "00000003"]
    assert len({re.findall(r'response="(\w+)"', each)[0] for each in headers}) == 3


def test_a_name_that_is_not_ascii_is_sent_as_the_standard_wants_it_or_hashed() -> None:
    """RFC 7616, 3.9.2 has the name."""
    said = {"realm": "api@example.org", "nonce": "n", "qop": "auth", "algorithm": "SHA-256"}
    header = Digest(Challenge("digest", said), "Jäsøn Doe", "Secret, or not?").header("GET", "/doe.json")
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe" in header
    header = Digest(Challenge("digest", said | {"userhash": "true"}), "Jäsøn Doe", "x").header("GET", "/")
    assert "userhash=true" in header
    assert "J%C3" not in header


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Negotiate, NTLM",
        'Digest realm="x", nonce="1", qop="auth-int"',
        'Digest realm="x", nonce="1"',
        'Digest realm="x", qop="auth"',
        'Digest realm="x", nonce="1", qop="auth", algorithm=SHA-512-256',
        'Digest realm="x\r\nX-Evil: 1", nonce="1", qop="auth"',
        'realm="x", nonce="1", qop="auth"',
        "Digest " + '"' * 100_000,
    ],
)
def test_what_is_no_offer_that_we_know_is_none(header: str) -> None:
    assert best(challenges(header)) is None
