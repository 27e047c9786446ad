"""Old office documents byte by byte, as [MS-DOC] and [MS-OLEDS] have them."""

import struct

import pytest

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.formats._ole2 import native, pieces

MAIN = b"....Huber " + "Łukasz ".encode("utf-16-le") + b"Maria "


def clx(*where: tuple[int, int, bool], before: bytes = b"") -> bytes:
    """A piece table; each piece by its place, its characters, and whether it has a byte for each."""
    ends = [0]
    for _, length, _ in where:
        ends.append(ends[-1] + length)
    table = struct.pack(f"<{len(ends)}I", *ends)
    for place, _, narrow in where:
        table += struct.pack("<HIH", 0, place * 2 | 0x40000000 if narrow else place, 0)
    return before + b"\2" + struct.pack("<I", len(table)) + table


def test_the_pieces_of_a_text_come_in_its_order_and_in_their_encodings() -> None:
    table = clx((24, 6, True), (10, 7, False), (4, 6, True), before=b"\1\2\0xx")
    assert "".join(pieces(MAIN, table)) == "Maria Łukasz Huber "


def test_a_piece_table_that_lies_gives_what_there_is() -> None:
    table = clx((24, 6, True), (4_000_000, 7, False), (4, 1 << 20, True))
    assert list(pieces(MAIN, table)) == ["Maria ", "", MAIN[4:].decode("cp1252")]
    longer = table[:1] + struct.pack("<I", 1 << 30) + table[5:]
    assert len(list(pieces(MAIN, longer))) <= 3
    with pytest.raises(UnusableInput):
        list(pieces(MAIN, b"\3"))


def test_a_file_that_was_dragged_into_a_document_is_taken_out_of_its_wrapping() -> None:
    file = b"PK\3\4 maria@example.com"
    head = struct.pack("<H", 2) + b"list.xlsx\0C:\\list.xlsx\0" + struct.pack("<2I", 3, 5) + b"C:\\t\0"
    body = head + struct.pack("<I", len(file)) + file + b"behind"
    wrapped = struct.pack("<I", len(body)) + body
    assert native(wrapped) == file
    for end in range(len(wrapped)):
        native(wrapped[:end])
