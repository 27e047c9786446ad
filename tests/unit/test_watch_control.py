"""Whether a round has proven that it would find something, and what a control record looks like."""

import csv
import io

import pytest

from trapstreet.watch.domain.control import (
    ANOTHER,
    CHANGED,
    NOT_FOUND,
    NOT_NAMED,
    NOT_READ,
    Saw,
    Wanted,
    content,
    digest,
    is_content,
    judged,
)
from trapstreet.watch.domain.known import UNREAD, Known

OURS = Wanted(("a" * 64, "b" * 64), ("p1-x",))
FIRST = Wanted(("",), None, known=True)
STILL = Wanted(("a" * 64,), (), known=True)
DECOYS = Wanted(("a" * 64,), ("p1-x", "p2-y"), known=True)


@pytest.mark.parametrize(
    ("wanted", "saw", "why"),
    [
        (OURS, Saw(named=True, texts=["b" * 64], shows={"p1-x": 3}), ""),
        (OURS, Saw(named=True, texts=["b" * 64], shows={}), NOT_FOUND),
        (OURS, Saw(named=True, texts=["c" * 64], shows={"p1-x": 3}), ANOTHER),
        (OURS, Saw(named=True, texts=["c" * 64, "a" * 64], shows={"p1-x": 3}), ""),
        (OURS, Saw(named=True, unread="denied"), "it cannot be read: denied"),
        (OURS, Saw(named=True, whole=True), NOT_READ),
        (OURS, Saw(named=True, whole=True, refused=True), None),
        (OURS, Saw(whole=True), NOT_NAMED),
        (OURS, Saw(), None),
        (FIRST, Saw(named=True, texts=["c" * 64]), ""),
        (FIRST, Saw(named=True, unread="encrypted"), "it cannot be read: encrypted"),
        (STILL, Saw(named=True, texts=["a" * 64]), ""),
        (STILL, Saw(named=True, texts=["c" * 64]), CHANGED),
        (DECOYS, Saw(named=True, texts=["c" * 64], shows={"p1-x": 1, "p2-y": 1, "p3": 1}), ""),
        (DECOYS, Saw(named=True, texts=["a" * 64], shows={"p1-x": 1}), NOT_FOUND),
    ],
)
def test_a_proof_is_what_was_read_and_found_there(wanted: Wanted, saw: Saw, why: str | None) -> None:
    assert judged(wanted, saw) == why


def test_several_texts_of_an_object_have_one_digest_and_a_text_alone_its_own() -> None:
    assert digest(["a" * 64]) == "a" * 64
    assert digest(["a" * 64, "b" * 64]) != digest(["b" * 64, "a" * 64])


def test_a_control_record_is_a_list_that_never_was_there_before() -> None:
    rows = [("7", 'Ann "Nan" Lee', "ann@example.com"), ("8", "a\nb", "")]
    first = content(("id", "checked", "mail"), rows, at=1_795_000_000_000_000)
    assert first != content(("id", "checked", "mail"), rows, at=1_795_000_000_000_001)
    assert is_content(first, ("id", "checked", "mail"), rows)
    assert not is_content(first + b"more", ("id", "checked", "mail"), rows)
    assert not is_content(first.replace(b"Lee", b"Lea"), ("id", "checked", "mail"), rows)
    read = list(csv.reader(io.StringIO(first.decode(), newline="")))
    assert read[0] == ["id", "checked", "mail", "checked_"]
    assert [tuple(row[:3]) for row in read[1:]] == rows


def test_an_object_that_is_to_be_read_again_is_read_whatever_its_version() -> None:
    known = Known([(b"a" * 16, 7, False), (b"b" * 16, 8, False)])
    known.read_again(b"a" * 16)
    known.read_again(b"c" * 16)
    assert (known.meet(b"a" * 16), known.meet(b"b" * 16), known.meet(b"c" * 16)) == (UNREAD, 8, None)
