"""What is wrong with accounts, decided on what a place told of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from trapstreet.access.domain.flaws import MEANINGS, Severity
from trapstreet.access.domain.hygiene import DAY, Judged, judge, ways_to_might
from trapstreet.access.domain.twins import joined, with_uses
from trapstreet.core.model.accounts import UNTOLD_USE, Account, Flaw, Form, Group, Identities, Kind, Policy

NOW = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1e6)


def place(*accounts: Account, **more: Any) -> Identities:
    return Identities("ldaps://dc", "a directory", [*accounts], **more)


def judged(*accounts: Account, **more: Any) -> Judged:
    return judge(place(*accounts, **more), now=NOW)


def flaws(*accounts: Account, **more: Any) -> set[Flaw]:
    return {each.flaw for each in judged(*accounts, **more).weaknesses}


def days_ago(days: float) -> int:
    return NOW - int(days * DAY)


def test_every_flaw_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Flaw)


WRONG = [
    (Account(name="anna", mfa=False), Flaw.NO_MFA),
    (Account(name="anna", last_use=days_ago(91)), Flaw.STALE),
    (Account(name="anna", never_used=True, made=days_ago(91)), Flaw.NEVER_USED),
    (Account(name="anna", never_used=True), Flaw.NEVER_USED),
    (Account(name="reception"), Flaw.SHARED),
    (Account(name="team-sales@example.com"), Flaw.SHARED),
    (Account(name="crm", clients=3), Flaw.SHARED),
    (Account(name="anna", password_set=days_ago(366)), Flaw.AGED),
    (Account(name="anna", password_expires=False), Flaw.NEVER_EXPIRES),
    (Account(name="anna", expires=days_ago(20), last_use=days_ago(2)), Flaw.EXPIRED_IN_USE),
    (Account(name="anna", rules="superuser"), Flaw.RULES),
    (Account(name="krbtgt", kind=Kind.REALM_KEY, password_set=days_ago(181)), Flaw.OLD_REALM_KEY),
]


@pytest.mark.parametrize(("account", "flaw"), WRONG)
def test_what_is_wrong_is_said(account: Account, flaw: Flaw) -> None:
    assert flaws(account) == {flaw}


RIGHT = [
    Account(name="anna"),  # nothing is known of it: that is not "no second factor"
    Account(name="anna", mfa=True, last_use=days_ago(89), password_set=days_ago(300), password_expires=True),
    Account(name="svc_backup", mfa=False),  # programs have no second factor
    Account(name="anna", never_used=True, made=days_ago(3)),  # she begins on Monday
    Account(name="shared", enabled=False, mfa=False, last_use=days_ago(999), rules="superuser"),
    Account(name="root@localhost", form=Form.ELSEWHERE, password_expires=False, password_set=days_ago(999)),
    Account(name="anna", expires=days_ago(2), last_use=days_ago(20)),
    Account(name="crm", clients=1),
    Account(name="krbtgt", kind=Kind.REALM_KEY, password_set=days_ago(179)),
]


@pytest.mark.parametrize("account", RIGHT)
def test_what_is_right_or_not_known_is_no_weakness(account: Account) -> None:
    assert not flaws(account)


def test_groups_in_groups_are_followed_and_the_way_is_shown() -> None:
    found = judged(
        Account(name="anna"), Account(name="bert"), Account(name="carl"),
        groups=[Group("admins", "administers all"), Group("helpdesk"), Group("interns")],
        memberships=[("anna", "helpdesk"), ("helpdesk", "admins"), ("bert", "interns"), ("carl", "admins")],
    )  # fmt: skip
    assert {(each.who, each.detail) for each in found.weaknesses} == {
        ("anna", "by helpdesk > admins, which administers all"),
        ("carl", "by admins, which administers all"),
    }


def test_groups_that_are_in_each_other_end() -> None:
    ring = place(
        Account(name="anna"),
        groups=[Group("a"), Group("b"), Group("top", "administers all")],
        memberships=[("a", "b"), ("b", "a"), ("anna", "a"), ("b", "top"), ("top", "a"), ("ghost", "top")],
    )
    assert ways_to_might(ring)["anna"] == ("anna", "a", "b", "top")


def test_a_weakness_of_who_may_do_everything_weighs_more_and_comes_first() -> None:
    found = judged(
        Account(name="anna", last_use=days_ago(100)),
        Account(name="root", last_use=days_ago(100), rules="superuser"),
    )
    assert [(each.who, each.severity) for each in found.weaknesses if each.flaw is Flaw.STALE] == [
        ("root", Severity.HIGH),
        ("anna", Severity.MEDIUM),
    ]
    assert found.weaknesses[0].flaw is Flaw.STALE


@pytest.mark.parametrize(
    ("policy", "flaw"),
    [
        (Policy(name="domain", min_length=7), Flaw.SHORT_PASSWORDS),
        (Policy(name="domain", locks_after=0), Flaw.NO_LOCKOUT),
        (Policy(name="server", checks=False), Flaw.NO_QUALITY_CHECK),
    ],
)
def test_rules_for_passwords_are_judged(policy: Policy, flaw: Flaw) -> None:
    assert flaws(policies=[policy]) == {flaw}
    assert not flaws(
        policies=[Policy(name="unknown"), Policy(name="good", min_length=14, locks_after=10, checks=True)]
    )


def test_what_is_known_of_some_accounts_only_is_listed() -> None:
    found = judged(Account(name="anna", mfa=True), Account(name="bert"), Account(name="carl"))
    assert found.unknown == ("whether it has a second factor, of 2 accounts: bert, carl",)
    assert not judged(Account(name="anna"), Account(name="bert")).unknown


def test_lists_of_one_provider_fill_each_other() -> None:
    users = place(
        Account(name="Anna@example.com", enabled=True, last_use=days_ago(200)),
        Account(name="bert@example.com", enabled=False),
        export=True,
    )
    methods = place(
        Account(name="anna@EXAMPLE.com", mfa=False, last_use=days_ago(2)),
        Account(name="b.example", aliases=("bert@example.com",), mfa=False),
        Account(name="carl@example.com", mfa=True),
        export=True,
    )
    server = place(Account(name="anna@example.com", mfa=None))
    whole, other = joined([users, server, methods])
    assert other is server
    assert [each.name for each in whole.accounts] == [
        "Anna@example.com",
        "bert@example.com",
        "carl@example.com",
    ]
    found = judge(whole, now=NOW)
    assert [(each.flaw, each.who) for each in found.weaknesses] == [(Flaw.NO_MFA, "Anna@example.com")]


def test_logs_say_when_an_account_was_last_used_and_not_that_it_never_was() -> None:
    server = place(
        *(Account(name=each) for each in ("anna", "bert@10.%", "carl@%", "carl@localhost", "dora")),
        untold=[UNTOLD_USE, "second factors"],
    )
    last = {"anna": days_ago(200), "bert": days_ago(100), "carl": days_ago(100), "gone": days_ago(1)}
    found = judge(with_uses(server, last), now=NOW)
    assert [(each.flaw, each.who) for each in found.weaknesses] == [
        (Flaw.STALE, "anna"),
        (Flaw.STALE, "bert@10.%"),
    ]
    assert "when it was last used, of 3 accounts: carl@%, carl@localhost, dora" in found.unknown
    assert UNTOLD_USE not in found.untold
    assert UNTOLD_USE in judge(with_uses(server, {}), now=NOW).untold


def test_a_name_of_many_lines_is_no_name_of_a_weakness() -> None:
    found = judge(place(Account(name="anna\nHIGH nothing", mfa=False)), now=NOW)
    from trapstreet.render.hygiene import lines

    assert not any("\n" in line for line in lines(found, whole=True))
