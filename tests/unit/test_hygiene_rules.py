"""Settings of PostgreSQL, and lines of pg_hba.conf as pg_hba_file_rules shows them."""

import pytest

from trapstreet.core.model.accounts import Flaw
from trapstreet.plugins.identities._postgresql_rules import Rule, flaws_of, flaws_of_settings


def rule(text: str, line: int = 1) -> Rule:
    """`host all all 10.0.0.0/255.0.0.0 md5`, `local all all trust`."""
    kind, databases, users, *rest = text.split()
    address, _, mask = rest[0].partition("/") if len(rest) == 2 else ("", "", "")
    return Rule(line, kind, databases.split(","), users.split(","), address or None, mask or None, rest[-1])


def flaws(*texts: str) -> list[tuple[int, Flaw]]:
    found = flaws_of([rule(text, number) for number, text in enumerate(texts, 1)])
    return [(int(text.split("line ")[1].split(":")[0]), flaw) for flaw, text in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local all all trust", [Flaw.TRUSTED]),
        ("host all all 127.0.0.1/255.255.255.255 trust", [Flaw.TRUSTED]),
        ("hostssl all all 10.0.0.0/255.0.0.0 trust", [Flaw.TRUSTED]),
        ("host all all 10.1.0.0/255.255.0.0 password", [Flaw.CLEAR_LOGIN]),
        ("host all all 10.1.0.0/255.255.0.0 ldap", [Flaw.CLEAR_LOGIN]),
        ("hostssl all all 10.1.0.0/255.255.0.0 password", []),
        ("host all all 127.0.0.1/255.255.255.255 password", []),
        ("local all all password", []),
        ("host all all 10.1.0.0/255.255.0.0 ident", [Flaw.CLIENT_DECIDES]),
        ("host all all 0.0.0.0/0.0.0.0 scram-sha-256", [Flaw.OPEN_TO_ALL]),
        ("host all all ::/:: md5", [Flaw.OPEN_TO_ALL]),
        ("host all all all md5", [Flaw.OPEN_TO_ALL]),
        ("hostnossl all all 0.0.0.0/0.0.0.0 md5", [Flaw.OPEN_TO_ALL]),
        ("hostssl all all 0.0.0.0/0.0.0.0 scram-sha-256", []),
        ("hostssl all all 0.0.0.0/0.0.0.0 cert", []),
        ("host all all 0.0.0.0/0.0.0.0 reject", []),
        ("host all all samenet scram-sha-256", []),
        ("host all all db.example.com md5", []),
        ("local all all peer", []),
    ],
)
def test_each_line_is_judged_by_method_network_and_encryption(text: str, expected: list[Flaw]) -> None:
    assert [flaw for _, flaw in flaws(text)] == expected


@pytest.mark.parametrize(
    ("first", "second", "reached"),
    [
        ("host all all 0.0.0.0/0.0.0.0 reject", "host all all 10.0.0.0/255.0.0.0 trust", False),
        ("host all all all reject", "hostssl crm anna ::1/ffff:ffff:: trust", False),
        ("host all all 10.0.0.0/255.0.0.0 reject", "host all all 0.0.0.0/0.0.0.0 trust", True),
        ("hostssl all all 0.0.0.0/0.0.0.0 reject", "host all all 10.0.0.0/255.0.0.0 trust", True),
        ("host all anna 0.0.0.0/0.0.0.0 reject", "host all all 10.0.0.0/255.0.0.0 trust", True),
        ("host all +ops 0.0.0.0/0.0.0.0 reject", "host all +ops 10.0.0.0/255.0.0.0 trust", True),
        ("host all all 0.0.0.0/0.0.0.0 reject", "host replication all 10.0.0.0/255.0.0.0 trust", True),
        ("host all all ::/:: reject", "host all all 10.0.0.0/255.0.0.0 trust", True),
        ("host all all 0.0.0.0/0.0.0.0 reject", "local all all trust", True),
        ("local all all reject", "local crm all trust", False),
    ],
)
def test_a_line_that_no_login_comes_to_is_not_judged(first: str, second: str, reached: bool) -> None:
    assert ((2, Flaw.TRUSTED) in flaws(first, second)) is reached


GOOD = {
    "listen_addresses": "*",
    "ssl": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pgaudit, $libdir/passwordcheck",
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, []),
        ({"ssl": "off"}, [Flaw.NO_TLS]),
        ({"ssl": "off", "listen_addresses": "localhost, 10.0.0.1"}, [Flaw.NO_TLS]),
        ({"ssl": "off", "listen_addresses": "localhost, ::1"}, []),
        ({"ssl": "off", "listen_addresses": ""}, []),
        ({"ssl_min_protocol_version": "TLSv1.1"}, [Flaw.OLD_TLS]),
        ({"ssl_min_protocol_version": ""}, [Flaw.OLD_TLS]),
        ({"password_encryption": "md5"}, [Flaw.WEAK_NEW_FORM]),
        ({"shared_preload_libraries": "pgaudit"}, [Flaw.NO_QUALITY_CHECK]),
    ],
)
def test_settings_are_judged(settings: dict[str, str], expected: list[Flaw]) -> None:
    assert [flaw for flaw, _ in flaws_of_settings(GOOD | settings)] == expected


def test_settings_that_are_not_known_are_no_flaw() -> None:
    assert not [*flaws_of_settings({})]
