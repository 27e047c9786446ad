"""What is wrong with the accounts of a real OpenLDAP; and servers that are silent or talk nonsense."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desk import Desk
from directories import Slapd, slapd
from servers import PASSWORD
from trapstreet.access.domain.hygiene import DAY, Judged
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import Flaw
from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins.identities import _ldap_session, _ldap_wire

pytestmark = pytest.mark.system

READER = "cn=reader,dc=example,dc=com"
BASE = f"""dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {PASSWORD}

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=closed,dc=example,dc=com
objectClass: organizationalUnit
ou: closed

"""
PEOPLE = """dn: uid={uid},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: {uid}
cn: {uid}
sn: {uid}
mail: {uid}@example.com
userPassword: {password}
{more}
"""
# A line break and a terminal's escape sequence in the uid, a mark that turns the writing in the cn.
HOSTILE = """dn:: dWlkPWV2ZVwwQVwxQlszMW1yb290LG91PXBlb3BsZSxkYz1leGFtcGxlLGRjPWNvbQ==
objectClass: inetOrgPerson
uid:: ZXZlChtbMzFtcm9vdA==
cn:: 4oCuZXZl
sn: eve
description: pw: geheim

"""
SALTED = "{SSHA}PazhiP0tMrhP88VfCrb/4gAaqI9wZXBwZXIhIQ=="  # of "secret"
GROUPS = """dn: cn=admins,dc=example,dc=com
objectClass: groupOfNames
cn: admins
member: cn=helpdesk,dc=example,dc=com
member: uid=gone,ou=people,dc=example,dc=com

dn: cn=helpdesk,dc=example,dc=com
objectClass: groupOfNames
cn: helpdesk
member: UID=anna, ou=people, dc=example,dc=com
member: cn=admins,dc=example,dc=com

dn: cn=default,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdMinLength: 6
pwdLockout: FALSE

"""


def present(found: Slapd | None) -> Slapd:
    if found is None:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("slapd or ldap-utils are not installed")
        pytest.skip("slapd or ldap-utils are not installed")
    return found


@pytest.fixture(scope="module")
def directory() -> Slapd:
    made = present(slapd())
    people = [("anna", "letmein", ""), ("bert", "lonely-passphrase", "description: Password: Sommer2026\n")]
    people += [
        ("carl", "another-passphrase", ""),
        ("team-sales", SALTED, ""),
    ]
    made.add(BASE + "".join(PEOPLE.format(uid=uid, password=word, more=more) for uid, word, more in people))
    made.add(GROUPS)
    made.add(HOSTILE)
    made.add("".join(PEOPLE.format(uid=f"u{n}", password="x", more="") for n in range(2100)))
    return made


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAPSTREET_LDAP_PASSWORD", PASSWORD)


def judged(
    directory: Slapd, *, days: int = 0, start_tls: bool = False, passwords: Path | None = None, base: str = ""
) -> Judged:
    from time import time_ns
    from urllib.parse import quote

    server = f"localhost:{directory.port if start_tls else directory.tls_port}"
    url = f"{'ldap' if start_tls else 'ldaps'}://{quote(READER, safe='')}@{server}/{base}?ca={directory.ca}"
    now = time_ns() // 1000 + days * DAY
    (found,) = check([url], now=now, stale_days=90, passwords=passwords, tell=lambda _: None).places
    return found


def of(found: Judged, flaw: Flaw) -> dict[str, str]:
    return {each.who: each.detail for each in found.weaknesses if each.flaw is flaw}


@pytest.fixture(scope="module")
def seen(directory: Slapd) -> Judged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_LDAP_PASSWORD", PASSWORD)
        return judged(directory)


def test_a_directory_of_many_pages_is_read_to_its_end(seen: Judged) -> None:
    assert seen.accounts == 2106


def test_members_of_groups_that_are_in_each_other_are_found_however_they_are_written(seen: Judged) -> None:
    assert of(seen, Flaw.PRIVILEGED)["anna"] == "by helpdesk > admins, which administers the directory"
    assert "who 1 members of administrators' groups are: gone, or not shown" in seen.unknown


def test_rules_for_passwords_notes_and_shared_accounts_are_judged(seen: Judged) -> None:
    assert of(seen, Flaw.SHORT_PASSWORDS) == {"": "rules for passwords (default): 6 characters are enough"}
    assert set(of(seen, Flaw.NO_LOCKOUT)) == {""}
    assert set(of(seen, Flaw.IN_NOTES)) == {"bert", "eve\n\x1b[31mroot"}
    assert set(of(seen, Flaw.SHARED)) == {"team-sales"}
    assert Flaw.ANONYMOUS_READ not in {each.flaw for each in seen.weaknesses}


def test_who_logged_in_is_known_and_grows_stale(directory: Slapd) -> None:
    assert directory.log_in("uid=carl,ou=people,dc=example,dc=com", "another-passphrase")
    found = judged(directory, days=100)
    assert "carl" in of(found, Flaw.STALE)
    assert "bert" not in of(found, Flaw.STALE) | of(found, Flaw.NEVER_USED)
    assert any(each.startswith("when it was last used, of ") for each in found.unknown)


def test_start_tls_gives_the_same(directory: Slapd, seen: Judged) -> None:
    assert judged(directory, start_tls=True).weaknesses == seen.weaknesses


def test_passwords_of_a_list_are_found_and_not_printed(
    directory: Slapd, tmp_path: Path, desk: Desk, seen: Judged
) -> None:
    words = tmp_path / "words"
    words.write_text("secret\nletmein\nSommer2026\n")
    found = judged(directory, passwords=words)
    assert {"anna", "team-sales"} <= set(of(found, Flaw.LISTED))
    assert "bert" not in of(found, Flaw.LISTED)
    assert not of(seen, Flaw.LISTED)


def test_hostile_names_stay_on_their_line_and_notes_and_passwords_are_not_printed(
    directory: Slapd, desk: Desk
) -> None:
    url = f"ldaps://cn=reader,dc=example,dc=com@localhost:{directory.tls_port}/?ca={directory.ca}"
    assert desk.run("access", "hygiene", url, "--all") == 1
    assert "    eve??[31mroot\n" in desk.out
    assert "\x1b" not in desk.out
    for secret in (PASSWORD, "geheim", "Sommer2026"):
        assert secret not in desk.out + desk.err


def test_a_directory_that_lists_people_to_strangers_is_told() -> None:
    open_one = present(slapd(strangers="read"))
    open_one.add(BASE + PEOPLE.format(uid="anna", password="x", more=""))
    assert of(judged(open_one), Flaw.ANONYMOUS_READ) == {"": "below dc=example,dc=com"}


def test_a_list_that_the_directory_cuts_is_not_known_whole() -> None:
    small = present(slapd(limit=5))
    small.add(BASE + "".join(PEOPLE.format(uid=f"u{n}", password="x", more="") for n in range(20)))
    found = judged(small)
    assert 0 < found.accounts < 20
    assert "accounts: the directory cut the list" in found.unknown


def test_a_certificate_for_another_name_is_said_to_be_that(directory: Slapd, desk: Desk) -> None:
    url = f"ldaps://127.0.0.1:{directory.tls_port}/dc=example,dc=com?ca={directory.ca}"
    assert desk.run("access", "hygiene", url) == 2
    assert desk.err.count("\n") == 1
    assert "the certificate of 127.0.0.1 is not trusted: it is one for another name" in desk.err


def test_a_base_that_is_not_there_is_said(directory: Slapd, desk: Desk) -> None:
    url = f"ldaps://localhost:{directory.tls_port}/ou=nowhere,dc=example,dc=com?ca={directory.ca}"
    assert desk.run("access", "hygiene", url) == 3
    assert "ou=nowhere" in desk.err


def test_no_password_is_sent_without_tls(directory: Slapd) -> None:
    session = _ldap_session.Session("localhost", directory.port, tls=None)
    from trapstreet.core.model.errors import UnusableInput
    from trapstreet.core.model.protected import Protected

    with pytest.raises(UnusableInput, match="no password is sent without TLS"):
        session.bind(READER, Protected(PASSWORD))
    session.close()


@contextmanager
def server(answer: Callable[[socket.socket, bytes], None]) -> Iterator[int]:
    """A server that takes one connection and does as it is told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection, connection.recv(1 << 16))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


NONSENSE = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x30\x84\x7f\xff\xff\xff" + b"\x02" * 100,
    b"\x30\x0c\x02\x01\x01\x64\x07\x04\x03\xff\xfe\xfd\x30\x00",
    b"\x30\x80" * 5000,
    b"\x00" * 100,
    b"",
]


@pytest.mark.parametrize("data", NONSENSE)
def test_an_answer_that_is_no_ldap_is_said_plainly(data: bytes) -> None:
    with server(lambda connection, _: connection.sendall(data)) as port, pytest.raises(Unreachable):
        check([f"ldap://reader@127.0.0.1:{port}"], now=0, stale_days=90, tell=lambda _: None)


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ldap_wire, "_IDLE_SECONDS", 0.2)
    waiting = threading.Event()
    with server(lambda *_: bool(waiting.wait(3)) and None) as port:
        with pytest.raises(Unreachable, match="did not answer in time"):
            check([f"ldap://reader@127.0.0.1:{port}"], now=0, stale_days=90, tell=lambda _: None)
        waiting.set()


def test_a_server_that_claims_to_be_another_does_not_talk_us_out_of_tls() -> None:
    from sansldap import LDAPResultCode, LDAPServer, PartialAttribute

    asked: list[bytes] = []

    def claims(connection: socket.socket, request: bytes) -> None:
        speaking = LDAPServer()
        speaking.receive(request)
        capability = PartialAttribute("supportedCapabilities", [b"1.2.840.113556.1.4.800"])
        seals = PartialAttribute("supportedSASLMechanisms", [b"GSS-SPNEGO"])
        speaking.search_result_entry(1, "", [capability, seals])
        speaking.search_result_done(1, LDAPResultCode.SUCCESS)
        connection.sendall(speaking.data_to_send())
        asked.append(connection.recv(1 << 16))

    with server(claims) as port, pytest.raises(Unreachable):
        check([f"ldap://reader%40example.com@127.0.0.1:{port}"], now=0, stale_days=90, tell=lambda _: None)
    assert b"1.3.6.1.4.1.1466.20037" in asked[0]
    assert b"NTLMSSP" not in asked[0]
