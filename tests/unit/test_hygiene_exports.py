"""Exports of identity providers, of Windows' hashes and of Unix accounts, as their makers write them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.app.hygiene import Checked, check
from trapstreet.core.model.accounts import Flaw
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.identities import identities_at, kinds
from trapstreet.plugins.identities._csv_cells import Times, yes

NOW = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1e6)

ENTRA = (
    "userPrincipalName,displayName,mail,objectId,userType,accountEnabled,createdDateTime,lastSignInDateTime\n"
    "anna@example.com,Anna,anna@example.com,1,Member,True,2020-01-01T00:00:00Z,2026-11-20T08:00:00Z\n"
    "bert@example.com,Bert,bert@example.com,2,Member,True,2020-01-01T00:00:00Z,2026-01-20T08:00:00Z\n"
    "carl@example.com,Carl,carl@example.com,3,Member,False,2020-01-01T00:00:00Z,2020-01-20T08:00:00Z\n"
)
METHODS = (
    "userPrincipalName,userDisplayName,isAdmin,isMfaCapable,isMfaRegistered,methodsRegistered\n"
    'anna@example.com,Anna,True,False,True,"mobilePhone,email"\n'
    "bert@example.com,Bert,False,True,True,fido2SecurityKey\n"
    "carl@example.com,Carl,False,False,False,\n"
)
GOOGLE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Org Unit Path [Required],"
    "Status [READ ONLY],Last Sign In [READ ONLY],2sv Enrolled [READ ONLY],2sv Enforced [READ ONLY]\n"
    "Anna,A,anna@example.com,/,Active,2026/11/04 00:24:13,False,False\n"
    "Bert,B,bert@example.com,/,Active,Never logged in,True,False\n"
    "Carl,C,carl@example.com,/,Suspended,2016/04/04 00:24:13,False,False\n"
)
MICROSOFT_365 = (
    "Display name,User principal name,When created,Block credential,Password never expires,"
    "Last password change time stamp,Proxy addresses\n"
    "Anna,anna@example.com,2022-03-18 19:49:35Z,False,True,2022-03-18 19:49:35Z,\n"
    "Bert,bert@example.com,2022-03-18 19:49:35Z,True,True,2022-03-18 19:49:35Z,\n"
)
GRAPH = (
    "UserPrincipalName,AccountEnabled,SignInActivity.LastSignInDateTime,"
    "SignInActivity.LastNonInteractiveSignInDateTime\n"
    "anna@example.com,True,2026-01-01T00:00:00Z,2026-11-20T00:00:00Z\n"
    "bert@example.com,True,2026-01-01T00:00:00Z,\n"
)
OKTA = (
    "User,Login,Status,Activation date,Authentication Source,Last Login,Last Password Change\n"
    "Anna,anna@example.com,Active,2021-03-01 09:00:00,Okta,2026-11-22 09:00:00,2021-03-01 09:00:00\n"
)
AWS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active\n"
    "<root_account>,arn:aws:iam::1:root,2020-01-01T00:00:00+00:00,not_supported,2026-11-01T00:00:00+00:00,"
    "not_supported,not_supported,false\n"
    "anna,arn:aws:iam::1:user/anna,2020-01-01T00:00:00+00:00,true,no_information,2026-10-01T00:00:00+00:00,N/A,true\n"
    "deploy,arn:aws:iam::1:user/deploy,2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false\n"
)


def checked(folder: Path, *texts: str, passwords: Path | None = None) -> Checked:
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"export{number}")
        files[-1].write_text(text, encoding="utf-8")
    return check([*map(str, files)], now=NOW, stale_days=90, passwords=passwords, tell=lambda _: None)


def flaws(found: Checked) -> set[tuple[str, Flaw]]:
    return {(each.who, each.flaw) for place in found.places for each in place.weaknesses}


def test_entra_users_and_their_methods_are_one_list(tmp_path: Path) -> None:
    found = checked(tmp_path, ENTRA, METHODS)
    assert len(found.places) == 1
    assert flaws(found) == {
        ("anna@example.com", Flaw.NO_MFA),
        ("anna@example.com", Flaw.RULES),
        ("bert@example.com", Flaw.STALE),
    }
    assert found.places[0].enabled == 2


def test_google_says_who_never_logged_in(tmp_path: Path) -> None:
    assert flaws(checked(tmp_path, GOOGLE)) == {
        ("anna@example.com", Flaw.NO_MFA),
        ("bert@example.com", Flaw.NEVER_USED),
    }


def test_microsoft_365_says_whose_credential_is_blocked(tmp_path: Path) -> None:
    assert flaws(checked(tmp_path, MICROSOFT_365)) == {
        ("anna@example.com", Flaw.NEVER_EXPIRES),
        ("anna@example.com", Flaw.AGED),
    }


def test_a_login_by_what_runs_for_somebody_is_a_use(tmp_path: Path) -> None:
    assert flaws(checked(tmp_path, GRAPH)) == {("bert@example.com", Flaw.STALE)}


def test_okta_tells_the_age_of_passwords_and_nothing_of_factors(tmp_path: Path) -> None:
    found = checked(tmp_path, OKTA)
    assert flaws(found) == {("anna@example.com", Flaw.AGED)}
    assert "second factors" in found.places[0].untold


def test_aws_users_without_a_password_need_no_second_factor(tmp_path: Path) -> None:
    assert flaws(checked(tmp_path, AWS)) == {("<root_account>", Flaw.NO_MFA), ("anna", Flaw.NEVER_USED)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_spreadsheets_way_to_write_it_is_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = tmp_path / "users.csv"
    text = "User name|MFA|Last login\r\njürgen@example.com|nein|\r\nzoë@example.com|no|21.11.2026 08:00\r\n"
    file.write_bytes(text.replace("|", delimiter).encode(encoding))
    found = identities_at(str(file))
    assert [each.name for each in found.accounts] == ["jürgen@example.com", "zoë@example.com"]
    assert [each.mfa for each in found.accounts] == [None, False]
    assert found.accounts[1].last_use == int(datetime(2026, 11, 21, 8, tzinfo=UTC).timestamp() * 1e6)


def test_what_is_neither_yes_nor_no_is_not_known() -> None:
    assert [yes(each) for each in ("TRUE", "No", "", "perhaps", "Suspended", "N/A")] == [
        True, False, None, None, False, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "asked", "day"),
    [
        (["03/04/2026", "25/04/2026"], "03/04/2026", (2026, 4, 3)),
        (["03/04/2026", "04/25/2026"], "03/04/2026", (2026, 3, 4)),
        (["3/4/2026 5:12:00 PM"], "3/4/2026 5:12:00 PM", (2026, 3, 4)),
        (["03/04/2026"], "03/04/2026", None),
        (["31/31/2026"], "31/31/2026", None),
        (["2026-11-20T08:00:00.1234567Z"], "2026-11-20T08:00:00.1234567Z", (2026, 11, 20)),
        (["9999-99-99"], "9999-99-99", None),
        (["0001-01-01T00:00:00Z"], "0001-01-01T00:00:00Z", None),
    ],
)
def test_day_and_month_are_told_apart_or_not_known(
    cells: list[str], asked: str, day: tuple[int, int, int] | None
) -> None:
    at = Times(cells).at(asked)
    assert (at and datetime.fromtimestamp(at / 1e6, UTC).timetuple()[:3]) == day


def test_a_column_of_unclear_days_is_said(tmp_path: Path) -> None:
    found = checked(tmp_path, "Username,Enabled,Last login\nanna,true,03/04/2026\n")
    assert found.places[0].unknown == ("times in column Last login: day and month cannot be told apart",)


def test_lines_that_name_nobody_are_counted(tmp_path: Path) -> None:
    (place,) = checked(tmp_path, "Username,MFA\nanna,no\n,no\nb\n\n").places
    assert place.accounts == 2
    assert any(each.startswith("1 lines of ") for each in place.unknown)


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "\0\1\2", "Username\nanna\n", "<html>"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnusableInput, match="is no list of accounts"):
        checked(tmp_path, text)


NTLM = {"letmein": "becedb42ec3c5c7f965255338be4453c", "": "31d6cfe0d16ae931b73c59d7e0c089c0"}
EMPTY_LM = "aad3b435b51404eeaad3b435b51404ee"
PDBEDIT = (
    f"anna:1000:{'X' * 32}:{NTLM['letmein'].upper()}:[UX         ]:LCT-5E0BE100:\n"
    f"bert:1001:{'X' * 32}:{NTLM['letmein'].upper()}:[U          ]:LCT-6A000000:\n"
    f"gone:1002:{'X' * 32}:{NTLM['letmein'].upper()}:[DU         ]:LCT-6A000000:\n"
    f"HOST$:1003:{'X' * 32}:{NTLM['letmein'].upper()}:[W          ]:LCT-6A000000:\n"
)
DUMPED = (
    f"EXAMPLE\\anna:1103:{EMPTY_LM}:{NTLM['letmein']}:::\n"
    f"EXAMPLE\\anna_history0:1103:{EMPTY_LM}:{NTLM['letmein']}:::\n"
    f"EXAMPLE\\old:1104:e52cac67419a9a224a3b108f3fa6cb6d:{NTLM['letmein'][::-1]}:::\n"
    f"EXAMPLE\\none:1105:{EMPTY_LM}:{NTLM['']}:::\n"
)


def test_sambas_export_is_tried_against_a_list_of_passwords(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("\n".join([*map(str, range(70_000)), "letmein"]))
    assert flaws(checked(tmp_path, PDBEDIT, passwords=words)) == {
        ("anna", Flaw.LISTED), ("anna", Flaw.REPEATED), ("anna", Flaw.AGED), ("anna", Flaw.NEVER_EXPIRES),
        ("bert", Flaw.LISTED), ("bert", Flaw.REPEATED),
    }  # fmt: skip


def hashes(folder: Path, *more: str, count: int = 3000) -> Path:
    """A list of NTLM hashes with counts, in order, as collectors of leaked passwords hand them out."""
    from random import Random

    draw = Random(5)
    lines = sorted([*(draw.randbytes(16).hex() for _ in range(count)), *more])
    file = folder / "hashes.txt"
    file.write_text("".join(f"{each.upper()}:{draw.randrange(1, 10**6)}\r\n" for each in lines), newline="")
    return file


def test_hashes_are_looked_up_in_a_list_that_is_in_their_order(tmp_path: Path) -> None:
    assert flaws(checked(tmp_path, DUMPED, passwords=hashes(tmp_path, NTLM["letmein"]))) == {
        ("EXAMPLE\\anna", Flaw.LISTED), ("EXAMPLE\\old", Flaw.WEAK_FORM), ("EXAMPLE\\none", Flaw.EMPTY),
    }  # fmt: skip
    assert ("EXAMPLE\\anna", Flaw.LISTED) not in flaws(checked(tmp_path, DUMPED, passwords=hashes(tmp_path)))


@pytest.mark.parametrize("place", [0, 1, 1499, 2998, 2999])
def test_every_line_of_a_list_of_hashes_is_found(tmp_path: Path, place: int) -> None:
    from trapstreet.app.password_lists import password_list

    file = hashes(tmp_path)
    line = file.read_bytes().splitlines()[place]
    with password_list(file) as opened:
        digest = bytes.fromhex(line[:32].decode())
        assert opened.holds(digest)
        assert not opened.holds(digest[:-1] + bytes([digest[-1] ^ 1]))


def test_a_list_of_hashes_in_another_order_is_refused(tmp_path: Path) -> None:
    file = hashes(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[::-1]))
    with pytest.raises(UnusableInput, match="not in their order"):
        checked(tmp_path, DUMPED, passwords=file)


def test_what_cannot_be_tried_is_not_known(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("letmein\n")
    (place,) = checked(tmp_path, OKTA, passwords=words).places
    assert any("whether 1 account use a password of the list" in each for each in place.unknown)


PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "anna:x:1000:1000:Anna:/home/anna:/bin/bash\nbert:x:1001:1001::/home/bert:/bin/bash\n"
    "toor:x:0:0::/root:/bin/sh\nwheel:x:1002:1002::/home/wheel:/bin/sh\n"
)
SHADOW = (
    "root:*:19000:0:99999:7:::\nanna:$y$j9T$abc$def:19000:0:99999:7:::\nbert::20700:0:90:7:::\n"
    "toor:$1$salt$hash:20700:0:90:7:::\nwheel:!:20700:0:90:7:::\n"
)
GROUP = "root:x:0:\nsudo:x:27:anna\nwheel:x:10:\nanna:x:1000:\nbert:x:1001:\n"


def unix(folder: Path) -> Path:
    for name, text in (("passwd", PASSWD), ("shadow", SHADOW), ("group", GROUP)):
        (folder / name).write_text(text)
    (folder / "sudoers").write_text(
        "Defaults env_reset\n%sudo ALL=(ALL:ALL) ALL\nbert ALL=(ALL) NOPASSWD: ALL\n"
    )
    return folder / "passwd"


def test_unix_accounts_are_judged_with_what_lies_beside_them(tmp_path: Path) -> None:
    found = check([str(unix(tmp_path))], now=NOW, stale_days=90, tell=lambda _: None)
    assert flaws(found) == {
        ("root", Flaw.RULES), ("toor", Flaw.RULES), ("toor", Flaw.WEAK_FORM),
        ("anna", Flaw.AGED), ("anna", Flaw.NEVER_EXPIRES), ("anna", Flaw.PRIVILEGED),
        ("bert", Flaw.EMPTY), ("bert", Flaw.PRIVILEGED),
    }  # fmt: skip
    assert not found.places[0].unknown


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become somebody who may not read it")
def test_a_shadow_file_that_may_not_be_read_is_not_known(tmp_path: Path) -> None:
    passwd = unix(tmp_path)
    (tmp_path / "shadow").unlink()
    (place,) = check([str(passwd)], now=NOW, stale_days=90, tell=lambda _: None).places
    assert any("shadow is not there, or may not be read" in each for each in place.unknown)
    assert not {each.flaw for each in place.weaknesses} & {Flaw.EMPTY, Flaw.WEAK_FORM, Flaw.AGED}


def test_the_command_ends_with_what_it_found(tmp_path: Path, desk: Desk) -> None:
    fine = tmp_path / "fine.csv"
    fine.write_text("Username,Status,MFA,Last login\nanna@example.com,Active,yes,2099-01-01\n")
    assert desk.run("access", "hygiene", fine) == 0
    assert "1 account; nothing found." in desk.out
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("Username,Status,MFA,Last login\nanna@example.com,Active,no,2099-01-01\n")
    assert desk.run("access", "hygiene", wrong) == 1
    assert "MEDIUM no second factor (1): a password that was guessed" in desk.out
    half = tmp_path / "half.csv"
    half.write_text("Username,MFA\nanna@example.com,yes\nbert@example.com,\n")
    assert desk.run("access", "hygiene", half) == 6
    assert "NOT KNOWN whether it has a second factor, of 1 account: bert@example.com" in desk.out
    assert desk.run("access", "hygiene", tmp_path / "missing") == 4
    assert desk.run("access", "hygiene", "gopher://x/") == 2


def test_after_how_long_an_account_is_stale_is_for_the_user_to_say(tmp_path: Path, desk: Desk) -> None:
    seen = datetime.now(UTC).date() - timedelta(days=40)
    export = tmp_path / "users.csv"
    export.write_text(f"Username,Status,MFA,Last login\nanna@example.com,Active,yes,{seen}\n")
    assert desk.run("access", "hygiene", export) == 0
    assert desk.run("access", "hygiene", export, "--stale", "30") == 1
    assert f"anna@example.com: last used {seen}" in desk.out
    desk.refused(2, "access", "hygiene", export, "--stale", "0")


def test_every_kind_says_what_it_reads() -> None:
    assert {"csv", "ldap", "mariadb", "ntlm", "posix", "postgresql"} <= set(kinds())
    for kind in kinds().values():
        assert kind.title
        assert kind.schemes or hasattr(kind, "recognises")
