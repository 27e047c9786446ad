"""Plans for shares: statements and scripts of them, accounts in logs, and uses judged without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.access.advice import weights_of
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Step
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import Bits
from trapstreet.plugins._smb.descriptors import ALLOWED, DENIED, Entry
from trapstreet.plugins._smb.lists import Rights, entry_of, entry_text, packed, rights_of
from trapstreet.plugins._smb.people import People, Told
from trapstreet.plugins._smb.walk import Folder
from trapstreet.plugins.accesslogs import Log
from trapstreet.plugins.accesslogs._files import share_path
from trapstreet.plugins.changes._smb.accounts import Accounts
from trapstreet.plugins.changes._smb.changes import (
    Candidates,
    Part,
    backward,
    forward,
    handed_over,
    part_of,
    parts_of,
)
from trapstreet.plugins.changes._smb.lean import lean
from trapstreet.plugins.changes._smb.replay import Ground, SmbReplay
from trapstreet.plugins.changes._smb.script import script
from trapstreet.plugins.changes._smb.things import Things

DOMAIN = "S-1-5-21-1-2-3"
ANNA, BERT, TWIN, STAFF = (f"{DOMAIN}-{n}" for n in (1001, 1002, 1003, 2001))
EVERYONE, ADMINS = "S-1-1-0", "S-1-5-32-544"
READ, BELOW = 0x1200A9, 0x3
FULL = Entry(ALLOWED, BELOW, 0x1F01FF, ADMINS)

entries = st.lists(
    st.builds(
        Entry,
        kind=st.sampled_from((ALLOWED, DENIED)),
        flags=st.sampled_from((0, 1, 3, 0xB)),
        rights=st.integers(0, 0xFFFFFFFF),
        who=st.sampled_from((ANNA, BERT, STAFF, EVERYONE)),
        conditional=st.just(False),
    ),
    max_size=6,
    unique=True,
)


@given(entries, st.booleans(), st.booleans())
def test_a_list_is_what_it_was_after_it_was_sent(own: list[Entry], protected: bool, automatic: bool) -> None:
    inherited = tuple(each._replace(flags=each.flags | 0x10) for each in own[::2])
    rights = Rights(tuple(own), inherited, protected, automatic)
    assert rights_of(packed(rights, ANNA)) == rights


@given(entries)
def test_an_entry_is_what_it_was_after_it_was_written(own: list[Entry]) -> None:
    for each in own:
        assert entry_of(entry_text(each)) == each


@given(entries, st.data())
def test_what_is_taken_away_comes_back_in_its_place(own: list[Entry], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.integers(0, max(0, len(own) - 1)))) if own else set()
    parts = [Part(at, own[at], gives=False) for at in gone]
    new = own[0]._replace(who="S-1-5-21-9-9-9-9") if own else None
    parts += [Part(at, new, gives=True) for at in sorted(gone)[:1] if new]
    made = forward(parts)(tuple(own))
    assert not {own[at] for at in gone} & {*made}
    assert backward(parts)(made) == tuple(own)
    assert backward(parts)(tuple(own)) == tuple(own), "what was not made is not taken back"


def test_lists_that_cannot_be_written_as_they_are_are_none() -> None:
    mixed = packed(Rights((Entry(ALLOWED, 0x10, READ, ANNA), Entry(ALLOWED, 0, READ, BERT)), ()))
    assert rights_of(mixed) is None, "something inherited stands before something that is not"
    told = bytearray(packed(Rights((Entry(ALLOWED, 0, READ, ANNA),), ())))
    told[28] = 9  # an entry with a condition
    assert rights_of(bytes(told)) is None


def test_scripts_name_any_folder_and_end_at_the_first_failure() -> None:
    path = r"\\files\it's 100% & (more)\a^b!%TEMP%"
    taken = Part(0, Entry(ALLOWED, 0x3, READ, EVERYONE), gives=False)
    given_to = Part(0, Entry(ALLOWED, 0xB, 0x120089, ANNA), gives=True)
    odd = Part(1, Entry(ALLOWED, 0, 0x20081, BERT), gives=True)
    made = tuple(each.text(path) for each in (given_to, odd, taken))
    text = script(("what it does\r\ndel *", "smb://files/"), [Step("", "A | B > C %PATH%", made)])
    assert text.endswith("exit /b 0\r\n")
    lines = text.split("\r\n")
    assert lines[1] == "rem what it does__del _", "a comment is one line, and runs nothing"
    quoted = r'icacls "\\files\it' + r"'s 100%% & (more)\a^b!%%TEMP%%" + '" /q'
    assert [each for each in lines if each.startswith("icacls")] == [
        f"{quoted} /grant *{ANNA}:(OI)(CI)(IO)(R) || exit /b 1",
        f"{quoted} /grant *{BERT}:(RD,RA,RC) || exit /b 1",
        f"{quoted} /remove:g *{EVERYONE} || exit /b 1",
    ]
    assert not any(each in lines[lines.index("chcp 65001 >nul") + 1] for each in "|<>%&^")


@pytest.mark.parametrize(
    "text", ["", "-1 (A;;0x1;;;S-1-1-0)", "+x (A;;0x1;;;S-1-1-0) \\\\a\\b", "-0 () \\\\a\\b"]
)
def test_a_statement_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnusableInput, match="statement that is none"):
        part_of(text)


def told() -> Told:
    return Told(
        users={
            ANNA: ("CORP\\Anna", True),
            BERT: ("bert", True),
            TWIN: ("CORP\\twin", True),
            f"{DOMAIN}-9": ("twin2\\twin", True),
        },
        groups={STAFF: "staff"},
        member_of={(ANNA, STAFF)},
        whole={DOMAIN},
        machine=DOMAIN,
        called="FS1",
    )


def accounts() -> Accounts:
    return Accounts(People(told(), {EVERYONE, ADMINS}, {}), told())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CORP\\Anna", "CORP\\Anna"),
        ("corp\\anna", "CORP\\Anna"),
        ("anna", "CORP\\Anna"),
        ("OTHER\\anna", ""),
        ("bert", "bert"),
        ("fs1\\bert", "bert"),
        ("CORP\\bert", ""),
        ("twin", ""),
        ("", ""),
    ],
)
def test_an_account_is_taken_for_another_only_where_one_alone_can_be_meant(name: str, meant: str) -> None:
    found, why = accounts().called(name)
    assert accounts().names_of(found) == ((meant,) if meant else ())
    assert bool(why) == (not meant)


def tree(*more: Entry) -> Things:
    """A folder that everybody reads, and anna by an entry of her own, with one file."""
    own = (FULL, Entry(ALLOWED, BELOW, READ, EVERYONE), Entry(ALLOWED, BELOW, READ, ANNA), *more)
    folder = Folder("s", "", rights=packed(Rights(own, (), protected=True), ADMINS))
    handed = tuple(each._replace(flags=0x10) for each in own)
    folder.add("x", packed(Rights((), handed), ADMINS))
    return Things([folder])


def replay(things: Things, *uses: tuple[str, str, str]) -> tuple[SmbReplay, dict[str, Change]]:
    """Of who, folder and file; with the changes by whose they are."""
    who = accounts()
    people: Bits = who.people.users
    found = Candidates(who.people, (), people, "h").of(things, {("s", ""): "smb://h/s"})
    changes = {each.of: each for each in found}
    made = [PastUse(user, "", ((folder, name),), "", "", (), 1, 1, 2) for user, folder, name in uses]
    ground = Ground(things, {"smb://h/s": things.all[0]}, who, "h")
    return SmbReplay(ground, made, [*changes.values()]), changes


def test_a_use_passes_by_any_entry_and_fails_without_the_last() -> None:
    asked, by = replay(tree(), ("anna", "smb://h/s", "x"), ("bert", "smb://h/s", "X"))
    assert asked.unproven == {}
    everyone, anna = by["Everyone"], by["CORP\\Anna"]
    assert {*asked.blocked([everyone])} == {1}
    assert asked.blocked([anna]) == {}
    assert {*asked.blocked([everyone, anna])} == {0, 1}
    for use in (0, 1):
        for some in ([everyone], [anna], [everyone, anna]):
            assert asked.blocks(use, some) == (use in asked.blocked(some))
            assert [*asked.blocked_of([use], some)] == [use] * asked.blocks(use, some)
    handed = handed_over(everyone, {"bert": BERT})
    assert asked.blocked([handed, anna]) == {0: "it may not read it in s"}


def test_a_file_that_is_gone_is_judged_by_what_its_folder_hands_down() -> None:
    asked, by = replay(tree(), ("bert", "smb://h/s", "gone"), ("bert", "smb://h/s/gone/too", "x"))
    assert asked.unproven == {}
    assert {*asked.blocked([by["Everyone"]])} == {0, 1}
    assert asked.blocked([by["CORP\\Anna"]]) == {}


def test_nothing_changes_where_nobody_knows_who_it_was() -> None:
    asked, by = replay(tree(), ("OTHER\\someone", "smb://h/s", "x"))
    assert asked.unproven == {0: "the server tells of no such account"}
    assert {*asked.blocked([by["CORP\\Anna"]])} == {0}
    assert asked.blocks(0, [by["CORP\\Anna"]])


def test_what_is_denied_today_is_no_argument() -> None:
    things = tree()
    folder = Folder("s", "", rights=things.all[0].told)
    folder.add("x", packed(Rights((Entry(DENIED, 0, READ, BERT), FULL), (), protected=True), ADMINS))
    asked, by = replay(Things([folder]), ("bert", "smb://h/s", "x"))
    assert asked.unproven == {0: "its list does not let it read today either"}
    assert asked.blocked([*by.values()]) == {}


def test_who_may_write_keeps_what_reading_takes() -> None:
    things = tree(Entry(ALLOWED, BELOW, 0x1301BF, BERT))
    assert {*replay(things)[1]} == {"Everyone", "CORP\\Anna"}


@pytest.mark.parametrize(
    ("whole", "root", "path"),
    [
        ("/srv/f/a/x", "/srv/f", ("smb://h/f/a", "x")),
        ("/srv/f/x", "/srv/f/", ("smb://h/f", "x")),
        ("/srv/fx/x", "/srv/f", ()),
        ("a/./b/../x", "", ("smb://h/f/a", "x")),
    ],
)
def test_files_of_a_share_are_named_as_clients_name_them(
    whole: str, root: str, path: tuple[str, ...]
) -> None:
    assert share_path("smb://h/f", whole, root) == path


def test_a_log_of_samba_names_files_of_a_server_by_share() -> None:
    from trapstreet.plugins.accesslogs.samba_audit import _Teller

    teller = _Teller(Log("log", place="smb://h"))
    line = "anna|10.0.0.5|pc|f|/srv/f|create_file|ok|0x1|file|open|/srv/f/a/x.csv\n"
    assert [each.on for each in teller.told(1, line)] == [(("smb://h/f/a", "x.csv"),)]


def test_a_change_to_a_folder_is_worth_what_is_in_all_the_folders_below() -> None:
    _, by = replay(tree(), ("anna", "smb://h/s", "x"))
    held = Holding("smb://h", ("smb://h/s/hr/2026", "x.csv"), "file", 5, 40, (), "personal", 2.0, 0)
    weights = weights_of([*by.values()], [held])
    assert weights[by["Everyone"].key] == 81.0


def test_a_change_by_which_nobody_loses_anything_is_left_out() -> None:
    things = tree()
    asked, by = replay(things, ("bert", "smb://h/s", "x"))
    who = accounts().people
    for some, left in ((["CORP\\Anna"], []), (["Everyone"], ["Everyone"]), ([*by], [*by])):
        changes = [by[each] for each in some]
        parts = [parts_of(things, [each], "h") for each in changes]
        assert [each.of for each in lean(changes, parts, who, who.users)] == left
    assert asked.near(0) == {each.key for each in by.values()}
