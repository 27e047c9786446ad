"""What confirms a match does not depend on how much of the text round it is read."""

import re

import pytest

from hostile import hostile_texts
from matcher_world import World, made_up_world
from trapstreet.core.fields import kinds
from trapstreet.core.fields.tokens import Token, tokens
from trapstreet.index import Matches, ReferenceMatcher, fingerprints_of
from trapstreet.index.matcher import CONFIRM, CONFIRMING

LOCAL = re.compile(rb"[A-Za-z0-9_!#$%&'*+/=?^`{|}~.\x80-\xff-]+\Z")
DOMAIN = re.compile(rb"[A-Za-z0-9.\x80-\xff-]+")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_up_world(tmp_path_factory.mktemp("world"))


@pytest.mark.slow
def test_a_match_is_confirmed_by_the_tokens_of_the_whole_text(world: World) -> None:
    matcher = ReferenceMatcher(world.lookup, world.key_of)
    confirmed = 0
    for text in hostile_texts(world.records, 9, 40):
        (part,) = matcher.matches([text])
        assert part.confirmed.tolist() == by_the_whole_text(world, text, part), text
        confirmed += int((part.confirmed > 0).sum())
    assert confirmed > 40


def by_the_whole_text(world: World, text: bytes, part: Matches) -> list[list[int]]:
    """The column `confirmed`, by the definition of it."""
    outside = [token for token in tokens(text) if not in_address(text, token)]
    found = []
    for match, number, record in zip(part, part.table.tolist(), part.number.tolist(), strict=True):
        table = world.lookup.tables[number]
        row = []
        for kind in CONFIRMING:
            met = set()
            if kind in table.slots:
                near = kinds()[kind].near(outside)
                forms = {
                    form
                    for first, last, form in near
                    if match.start - CONFIRM <= outside[first].start
                    and outside[last].start < match.end + CONFIRM
                }
                hashes = fingerprints_of(world.key_of(kind, table.epoch), kind, sorted(forms)).tolist()
                slots = table.slots[kind][record].tolist()
                met = {1 + slots.index(slot) for each in hashes if (slot := each >> 32 or 1) in slots}
            row.append(min(met, default=0))
        found.append(row)
    return found


def in_address(text: bytes, token: Token) -> bool:
    """Whether a token begins in an @ with what can belong to an address on both sides."""
    for at in (match.start() for match in re.finditer(b"@", text)):
        before, behind = text[max(0, at - 64) : at], text[at + 1 : at + 256]
        local, domain = LOCAL.search(before), DOMAIN.match(behind)
        if local and domain and at - len(local[0]) <= token.start < at + 1 + len(domain[0]):
            return True
    return False
