"""On real input: half of the senders of 6,000 mails are registered, and looked for in all of the mails.

What must be found comes from tests/mails.py, a plain reading by none of the product's code.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from desk import Desk, workspace_in
from mails import Words, addresses, corpus, found_by, mailbox, mails, senders, spoken
from matcher_world import Keys, index_of
from matchers import everything, make
from trapstreet.core.fields import Kind, recognise
from trapstreet.index import Lookup, Matcher
from trapstreet.store import disconnect

pytestmark = pytest.mark.slow

SEED = 3  # two people who write under dozens of tagged addresses each are in our half
HEADER = ("id", "name", "email")
TYPES = {"id": Kind.TEXT, "name": Kind.NAME, "email": Kind.EMAIL}


class Hit(NamedTuple):
    """A registered address in a mail: where its @ stands, whose it is, and whether the name is near."""

    at: int
    id: str
    named: bool


class Halves:
    """All mails; the senders of a random half of the mailboxes, to be registered; and what is where.

    rows       id, name and address of each sender of our half, some with several addresses of one mailbox
    expected   per mail the hits
    strangers  mails with addresses of the other half's senders, and none of ours
    """

    def __init__(self, folder: Path) -> None:
        self.mails = mails(folder)
        everybody = senders(self.mails)
        boxes = sorted({mailbox(each.address) for each in everybody})
        ours = set(Random(SEED).sample(boxes, len(boxes) // 2))
        self.rows = [
            (f"S{number:05}", each.name, each.address)
            for number, each in enumerate(everybody)
            if mailbox(each.address) in ours
        ]
        self._places = [list(addresses(mail.text)) for mail in self.mails]
        self._near: dict[tuple[int, int], list[str]] = {}
        self.expected = self.hits_of(self.rows)
        theirs = {each.address for each in everybody} - {address for _, _, address in self.rows}
        self.strangers = [
            mail
            for mail, places, hits in zip(self.mails, self._places, self.expected, strict=True)
            if not hits and not theirs.isdisjoint(form for place in places for form in place.means)
        ]

    def hits_of(self, rows: Iterable[tuple[str, str, str]]) -> list[set[Hit]]:
        """Per mail the hits on some senders; at a place those count whose address the fewest others share."""
        ids: dict[str, set[str]] = defaultdict(set)
        names = {}
        for key, name, address in rows:
            names[key] = name
            for form in found_by(address):
                ids[form].add(key)
        expected = []
        for number, (mail, places) in enumerate(zip(self.mails, self._places, strict=True)):
            words: Words | None = None
            hits = set()
            for place in places:
                holders = [ids[form] for form in place.means if form in ids]
                meant = {key for each in holders if len(each) == min(map(len, holders)) for key in each}
                if meant:
                    near = self._near.get((number, place.at))
                    if near is None:
                        words = words or Words(mail.text)
                        near = self._near[number, place.at] = words.near(place)
                    hits |= {Hit(place.at, key, spoken(names[key], near)) for key in meant}
            expected.append(hits)
        return expected


class Index:
    """The registered half, as matchers look it up."""

    def __init__(self, folder: Path, halves: Halves) -> None:
        columns = recognise(HEADER, halves.rows, region="", types=TYPES, ignore=())
        self._ids: dict[int, str] = {}
        index = index_of(folder, "senders", columns, [halves.rows], {}, epoch=1, tickets=self._ids)
        self._lookup = Lookup([index])

    def matcher(self, name: str) -> Matcher:
        return make(name, self._lookup, Keys().fingerprint_key)

    def hits(self, matcher: Matcher, text: bytes) -> set[Hit]:
        return {
            Hit(
                text.index(b"@", match.start, match.end),
                self._ids[match.record],
                Kind.NAME in match.confirmed,
            )
            for part in matcher.matches([text])
            for match in part
        }


@pytest.fixture(scope="module")
def halves() -> Halves:
    return Halves(corpus())


@pytest.fixture(scope="module")
def index(halves: Halves, tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(tmp_path_factory.mktemp("index"), halves)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Has the same keys each time: a name in the index is 32 bits, and with other keys one in some 1,000 runs
    would confirm one by chance."""
    monkeypatch.setenv("TRAPSTREET_MASTER_KEY", bytes(32).hex())
    monkeypatch.setattr("trapstreet.app.birth.new_workspace_id", lambda: "a" * 16)
    disconnect()
    return Desk(workspace_in(tmp_path), capsys)


def test_every_address_of_a_registered_sender_is_found_and_nothing_of_the_others(
    halves: Halves, index: Index
) -> None:
    matcher = index.matcher("kernel")
    differing = [
        (str(mail.path), sorted(found ^ expected))
        for mail, expected in zip(halves.mails, halves.expected, strict=True)
        if (found := index.hits(matcher, mail.text)) != expected
    ]
    assert not differing
    assert sum(map(len, halves.expected)) > 10_000
    assert sum(hit.named for hits in halves.expected for hit in hits) > 4_000
    assert len(halves.strangers) > 1_000, "mails of other senders, in which nothing was found"


def test_both_matchers_say_the_same_of_every_mail(halves: Halves, index: Index) -> None:
    apart = (b"\n" * 1024).join(mail.text for mail in halves.mails)  # no mail is near another
    said = [everything(index.matcher(name).matches([apart])) for name in ("kernel", "reference")]
    assert said[0] == said[1]
    assert len(said[0]["start"]) == sum(map(len, halves.expected))


def test_a_scan_of_all_mails_counts_each_registered_mailbox_with_and_without_its_name(
    halves: Halves, desk: Desk
) -> None:
    table = {mailbox(address): (key, name, address) for key, name, address in halves.rows}.values()
    path = desk.folder / "senders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *table])
    types = [word for column, kind in TYPES.items() for word in ("--type", f"{column}={kind}")]
    desk.do("register", path, "--name", "senders", "--key", "id", *types)

    result = desk.json("scan", corpus(), status=1)

    found = {
        each["path"]: (each["records"], each["singles"].get("email", 0), each["by_column"], each["decoys"])
        for each in result["findings"]
    }
    wanted = {
        str(mail.path): (len(named), len({hit.id for hit in hits} - named), 0, 0)
        for mail, hits in zip(halves.mails, halves.hits_of(table), strict=True)
        if hits and (named := {hit.id for hit in hits if hit.named}) is not None
    }
    plain = {str(mail.path) for mail in halves.mails if not mail.says_more}
    assert len(plain) > 4_000
    assert {path: found[path] for path in found.keys() & plain} == {
        path: wanted[path] for path in wanted.keys() & plain
    }
    for path in wanted.keys() - plain:
        (records, singles), (least, least_alone) = found[path][:2], wanted[path][:2]
        assert records >= least
        assert records + singles >= least + least_alone
    assert result["scanned"]["objects"] > len(halves.mails), "attachments are objects too"
    assert {each["why"] for each in result["unread"]} == {"holds a part that is encrypted with PGP"}
