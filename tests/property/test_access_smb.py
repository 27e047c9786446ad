"""Whom lists of an SMB server let in: beside Windows' own rule, in every world that what is told allows."""

import struct
from contextlib import suppress
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from trapstreet.plugins._smb.accounts import Directory
from trapstreet.plugins._smb.descriptors import (
    ALLOWED,
    DENIED,
    INHERITED,
    ONLY_BELOW,
    Descriptor,
    Entry,
    descriptor_of,
    packed_sid,
    sid,
)
from trapstreet.plugins._smb.judging import READ, all_of, steps
from trapstreet.plugins._smb.names import Policy
from trapstreet.plugins._smb.people import OWNER_RIGHTS, People, Told
from trapstreet.plugins._smb.rpc import ACCOUNTS, NAMES, Calls, Service

DOMAIN = "S-1-5-21-1-2-3"
ANNA, BERT, OPEN, SHUT = (f"{DOMAIN}-{n}" for n in (1000, 1001, 2000, 2001))
EVERYONE = "S-1-1-0"

entries = st.lists(
    st.builds(
        Entry,
        kind=st.sampled_from((ALLOWED, DENIED)),
        flags=st.sampled_from((0, 0, INHERITED, ONLY_BELOW)),
        rights=st.sampled_from((0x1, 0x2, 0x1F01FF, 0x80000000)),
        who=st.sampled_from((ANNA, BERT, OPEN, SHUT, EVERYONE, OWNER_RIGHTS)),
        conditional=st.booleans(),
    ),
    max_size=6,
)


def people() -> People:
    """Two users; Anna is in a group whose members are told, of the other group they are not."""
    told = Told(
        users={ANNA: ("anna", True), BERT: ("bert", True)},
        groups={OPEN: "open", SHUT: "shut"},
        member_of={(ANNA, OPEN)},
        closed={SHUT},
        whole={DOMAIN},
        machine=DOMAIN,
    )
    return People(told, {OWNER_RIGHTS}, {})


def reads(listed: list[Entry], token: set[str], holds: tuple[bool, ...]) -> bool:
    """[MS-DTYP] 2.5.3.2 for one right: the first entry that is about somebody and about it decides."""
    for each, condition in zip(listed, holds, strict=True):
        if each.flags & ONLY_BELOW or not each.reads or (each.conditional and not condition):
            continue
        if each.who in token:
            return each.kind == ALLOWED
    return False


@given(entries, st.sampled_from((ANNA, BERT, OPEN)))
def test_what_is_sure_holds_in_every_world_and_what_is_not_said_in_none(
    listed: list[Entry], owner: str
) -> None:
    who = people()
    surely, perhaps = all_of(steps(Descriptor(owner, tuple(listed)), READ, who, "may read"))
    for number, user in enumerate((ANNA, BERT)):
        told = {user, EVERYONE} | ({OPEN} if user == ANNA else set())
        told |= {OWNER_RIGHTS} if owner in told else set()
        worlds = {
            reads(listed, told | ({SHUT} if inside else set()), holds)
            for inside in (False, True)
            for holds in product((False, True), repeat=len(listed))
        }
        if surely >> number & 1:
            assert worlds == {True}
        elif not perhaps >> number & 1:
            assert worlds == {False}


@given(entries, st.sampled_from((ANNA, BERT, OPEN)))
def test_where_all_is_told_there_is_no_perhaps(listed: list[Entry], owner: str) -> None:
    known = [each._replace(conditional=False) for each in listed if each.who != SHUT]
    assert all_of(steps(Descriptor(owner, tuple(known)), READ, people(), "may read"))[1] == 0


@given(st.integers(0, (1 << 48) - 1), st.lists(st.integers(0, (1 << 32) - 1), max_size=15))
def test_a_sid_is_what_it_was_after_it_was_sent(authority: int, parts: list[int]) -> None:
    text = "-".join(map(str, ("S", 1, authority, *parts)))
    assert sid(packed_sid(text)) == text


@given(st.binary(max_size=200))
def test_a_descriptor_is_taken_apart_or_refused(told: bytes) -> None:
    with suppress(ValueError):
        descriptor_of(told)


@given(st.lists(st.binary(max_size=120), max_size=8))
def test_answers_of_any_kind_are_read_or_refused(answers: list[bytes]) -> None:
    def calls(service: Service) -> Calls:
        bound = struct.pack("<BBBBIHHI", 5, 0, 12, 3, 0x10, 16, 0, 1)
        framed = (
            struct.pack("<BBBBIHHI", 5, 0, 2, 3, 0x10, 24 + len(each), 0, 1) + bytes(8) + each
            for each in answers
        )
        coming = iter([bound, *framed])
        return Calls(service, lambda _: None, lambda: next(coming, b""))

    for ask in (
        lambda: [*Directory("host", calls(ACCOUNTS)).domains()],
        lambda: Policy("host", calls(NAMES)).names([EVERYONE]),
        lambda: Policy("host", calls(NAMES)).holders("SeBackupPrivilege"),
        lambda: Policy("host", calls(NAMES)).domain(),
    ):
        with suppress(ValueError, PermissionError):
            ask()
