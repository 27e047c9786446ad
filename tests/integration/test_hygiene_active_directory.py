"""What is wrong with the accounts of a real domain: Samba's, with a person in every state that is a trap."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from desk import Desk
from directories import DOMAIN_PASSWORD, Domain, domain
from trapstreet.access.domain.hygiene import DAY, Judged
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import Flaw
from trapstreet.core.model.errors import AccessDenied, UnusableInput

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def controller() -> Domain:
    found = domain()
    if found is None:
        message = "no domain controller: samba and its modules are not installed, or this is not root"
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAPSTREET_LDAP_PASSWORD", DOMAIN_PASSWORD)


def judged(controller: Domain, user: str = "reader", *, days: int = 0, sealed: bool = False) -> Judged:
    """By ldaps, or sealed by NTLM; as it were so many days later."""
    from time import time_ns

    secure = f"ldaps://{user}%40example.test@{controller.address}?ca={controller.ca}"
    url = f"ldap://EXAMPLE%5C{user}@{controller.address}" if sealed else secure
    now = time_ns() // 1000 + days * DAY
    (found,) = check([url], now=now, stale_days=90, tell=lambda _: None).places
    return found


def of(found: Judged, flaw: Flaw) -> dict[str, str]:
    return {each.who: each.detail for each in found.weaknesses if each.flaw is flaw}


@pytest.fixture(scope="module")
def seen(controller: Domain) -> Judged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_LDAP_PASSWORD", DOMAIN_PASSWORD)
        return judged(controller)


def test_administrators_are_found_by_groups_in_groups_that_are_in_each_other(seen: Judged) -> None:
    assert of(seen, Flaw.PRIVILEGED) == {
        "Administrator": "by Administrators, which administers the domain controllers",
        "anna": "by Helpdesk > Domain Admins, which administers the domain",
        "jörg": "by Level1 > Helpdesk > Domain Admins, which administers the domain",
    }


@pytest.mark.parametrize(
    ("flaw", "who"),
    [
        (Flaw.NO_PREAUTH, {"bert"}),
        (Flaw.SERVICE_NAME, {"carl", "dns-dc1"}),
        (Flaw.READABLE, {"eve"}),
        (Flaw.MAY_BE_EMPTY, {"eve"}),
        (Flaw.IN_NOTES, {"gina"}),
        (Flaw.NEVER_EXPIRES, {"carl", "fred"}),
    ],
)
def test_each_flag_of_an_enabled_account_is_told_and_none_of_a_disabled_one(
    seen: Judged, flaw: Flaw, who: set[str]
) -> None:
    assert set(of(seen, flaw)) == who


def test_delegation_of_computers_and_people_is_told_and_the_controllers_own_is_not(seen: Judged) -> None:
    assert of(seen, Flaw.DELEGATES) == {"": "computer WS1$", "fred": ""}


def test_the_domains_rules_are_judged(seen: Judged) -> None:
    assert of(seen, Flaw.SHORT_PASSWORDS) == {"": "the domain's rules: 7 characters are enough"}
    assert of(seen, Flaw.ADDS_COMPUTERS) == {"": "10 each"}
    assert Flaw.NO_LOCKOUT in {each.flaw for each in seen.weaknesses}


def test_what_this_user_may_not_see_is_not_known_and_never_no(seen: Judged) -> None:
    assert "whether it is enabled, of 1 account: ines" in seen.unknown
    assert not [each for each in seen.weaknesses if each.who == "ines"]
    assert any("rules for passwords of some accounts alone" in each for each in seen.untold)


def test_an_administrator_is_told_of_rules_for_some_and_of_members_that_are_gone(controller: Domain) -> None:
    found = judged(controller, "Administrator")
    rules = {each.detail for each in found.weaknesses if each.flaw is Flaw.SHORT_PASSWORDS}
    assert "rules for some accounts (service accounts): 4 characters are enough" in rules
    assert "who S-1-5-21-1-2-3-1105 in Domain Admins is: of another domain, or gone" in found.unknown
    assert not any("some accounts alone" in each for each in found.untold)


def test_without_a_certificate_it_is_asked_sealed(controller: Domain, seen: Judged) -> None:
    assert judged(controller, sealed=True).weaknesses == seen.weaknesses


def test_who_logged_in_long_ago_is_stale_and_who_never_did_is_told(controller: Domain) -> None:
    for _ in range(2):  # reader logs in by this; the first login may be the first of all
        found = judged(controller, days=400)
    assert "reader" in of(found, Flaw.STALE)
    assert "bert" in of(found, Flaw.NEVER_USED)
    assert "reader" not in of(found, Flaw.NEVER_USED)
    assert set(of(found, Flaw.OLD_REALM_KEY)) == {"krbtgt"}
    assert "anna" in of(found, Flaw.AGED)


def test_hashes_that_samba_exports_are_tried_against_a_list(
    controller: Domain, tmp_path: Path, desk: Desk
) -> None:
    export, words = tmp_path / "export", tmp_path / "words"
    listing = ["pdbedit", "-s", controller.folder / "smb.conf", "-L", "-w"]
    export.write_bytes(subprocess.run(listing, check=True, capture_output=True).stdout)
    words.write_text(f"123456\n{DOMAIN_PASSWORD}\n")
    assert desk.run("access", "hygiene", export, "--passwords", words, "--all", "--json") == 1
    (place,) = json.loads(desk.out)["places"]
    kinds = {each["kind"] for each in place["weaknesses"] if each["account"] == "anna"}
    assert {"password-in-list", "same-password"} <= kinds
    listed = {each["account"] for each in place["weaknesses"] if each["kind"] == "password-in-list"}
    assert {"anna", "bert", "reader", "Administrator"} <= listed
    assert not listed & {"krbtgt", "dora", "WS1$", "DC1$"}
    hashes = {line.split(":")[3] for line in export.read_text().splitlines() if line.startswith("anna:")}
    assert hashes
    assert not any(each in desk.out + desk.err for each in hashes)


def test_wrong_passwords_and_certificates_are_refused_in_plain_words(
    controller: Domain, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.run("access", "hygiene", f"ldaps://reader%40example.test@{controller.address}") == 2
    assert "certificate" in desk.err
    monkeypatch.setenv("TRAPSTREET_LDAP_PASSWORD", "wrong")
    for url in (
        f"ldaps://reader%40example.test@{controller.address}?ca={controller.ca}",
        f"ldap://EXAMPLE%5Creader@{controller.address}",
    ):
        assert desk.run("access", "hygiene", url) == 3
        assert "TRAPSTREET_LDAP_PASSWORD" in desk.err
        assert desk.err.count("\n") == 1
    monkeypatch.delenv("TRAPSTREET_LDAP_PASSWORD")
    with pytest.raises(AccessDenied):
        judged(controller)
    with pytest.raises(AccessDenied):
        judged(controller, sealed=True)


def test_strangers_are_shown_nothing(controller: Domain, desk: Desk) -> None:
    assert desk.run("access", "hygiene", f"ldaps://{controller.address}?ca={controller.ca}") == 3
    assert "give a user that may read" in desk.err


def test_a_password_in_the_address_is_refused(controller: Domain) -> None:
    with pytest.raises(UnusableInput, match="holds a password"):
        check([f"ldaps://reader:x@{controller.address}"], now=0, stale_days=90, tell=lambda _: None)
