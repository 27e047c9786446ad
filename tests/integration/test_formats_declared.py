"""What a document declares of itself that is not so."""

import pytest

from taken_apart import read, source


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "cp037", "utf-7", "hz"])
def test_a_page_of_ascii_is_read_as_that_whatever_it_declares(charset: str) -> None:
    page = f"<html><meta charset={charset}><p>maria+x@example.com ~{{1}}</p></html>".encode()
    texts, unread = read(source(page, "d"))
    assert texts["d"].count(b"maria+x@example.com ~{1}") == 2
    assert unread == []


def test_a_number_of_5000_digits_ends_no_scan() -> None:
    number = b"1" * 5000
    texts, _ = read(source(b"<html><p>maria@example.com &#" + number + b";</p></html>", "d"))
    assert b"maria@example.com" in texts["d"]
