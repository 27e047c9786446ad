"""What a mail calls its parts."""

import pytest

from taken_apart import read, source

MAIL = b"From: a@example.com\nTo: b@example.com\nSubject: x\nContent-Type: text/csv; name=x\n"


@pytest.mark.parametrize(
    "name",
    [
        b"filename*=utf-8''a; filename*0=b",
        b"filename*=idna''a",
        b"filename*=undefined''a",
        b"filename*=a%00b''a",
        b"filename*=utf-7''+2AA-",
        b"filename*=unicode_escape''%5Cud800",
    ],
)
def test_no_name_of_a_part_ends_the_scan(name: bytes) -> None:
    texts, unread = read(
        source(MAIL + b"Content-Disposition: attachment; " + name + b"\n\nmaria@example.com\n")
    )
    assert any(b"maria@example.com" in text for text in texts.values())
    assert unread == []
