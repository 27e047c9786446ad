"""Which of several forms at one place counts."""

from pathlib import Path

import pytest

from matcher_world import Keys, index_of
from trapstreet.core.fields import Column, Kind
from trapstreet.index import Lookup, ReferenceMatcher

COLUMNS = (Column("id", Kind.TEXT, ""), Column("name", Kind.NAME, ""), Column("email", Kind.EMAIL, ""))
ROWS = [
    ("1", "Ann Lee", "ann+x@post.example"),
    ("2", "Ann Lee", "ann+y@post.example"),
    ("3", "Bob Ray", "bob@post.example"),
]


@pytest.mark.parametrize("key", range(6))  # which fingerprint is the smaller is the key's to decide
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ann+x@post.example", {"1"}),
        ("ANN+Y@post.example", {"2"}),
        ("ann+z@post.example", {"1", "2"}),
        ("ann@post.example", {"1", "2"}),
        ("bob+new@post.example", {"3"}),
    ],
)
def test_an_address_with_a_tag_is_its_own_record_before_it_is_a_mailbox(
    tmp_path: Path, key: int, written: str, meant: set[str]
) -> None:
    tickets: dict[int, str] = {}
    index = index_of(tmp_path, "people", COLUMNS, [ROWS], {}, epoch=key, tickets=tickets)
    matcher = ReferenceMatcher(Lookup([index]), Keys().fingerprint_key)
    found = [match for part in matcher.matches([f"Ann Lee <{written}>".encode()]) for match in part]
    assert {tickets[match.record] for match in found} == meant
    assert len(found) == len(meant)
