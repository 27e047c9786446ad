"""What a packed file may ask for, and what is said of one that asks for more."""

import lzma
import os
import struct
import subprocess
import sys
import zipfile

import pytest
import zstandard

from formats_containers import STREAMS, Make, zipped
from hostile_archives import with_good
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats._packed import inner_name

TEXT = b"maria.huber@example.com\t+49 30 901820\n" * 1000


def frame(*, window: int, blocks: bytes) -> bytes:
    """A Zstandard frame without a size (RFC 8878, 3.1.1)."""
    return b"\x28\xb5\x2f\xfd\x00" + bytes([window]) + blocks


def zeros(count: int) -> bytes:
    """Blocks of 128 KB, each of one byte over and over."""
    each = struct.pack("<I", (1 << 17) << 3 | 1 << 1)[:3] + b"\0"
    return each * (count - 1) + struct.pack("<I", (1 << 17) << 3 | 1 << 1 | 1)[:3] + b"\0"


def test_64_kb_of_zstd_that_make_2_gb_are_unpacked_a_megabyte_at_a_time() -> None:
    data = frame(window=0x50, blocks=zeros(16_384))
    assert len(data) < 70_000
    texts, [unread] = read(source(data, "z"))
    assert len(texts["z!/z"]) < 65 << 20
    assert "unpacked, more than 200 times the size of the object" in unread.why


def test_a_window_of_2_gb_is_refused() -> None:
    _, [unread] = read(source(frame(window=0xA8, blocks=zeros(1)), "z"))
    assert unread.why == "unpacking it needs 2,048 MB of memory, more than 128"


def test_a_window_of_128_mb_is_not_refused() -> None:
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    )
    assert read(source(packer.compress(TEXT), "z")) == ({"z!/z": TEXT}, [])


def test_what_was_packed_with_a_dictionary_says_so() -> None:
    samples = [b"maria.huber%d@example.com\t+49 30 9018%d" % (each, each) for each in range(3000)]
    dictionary = zstandard.train_dictionary(2000, samples)
    packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(TEXT)
    _, [unread] = read(source(packed, "z"))
    assert unread == Unread("z!/z", "it was packed with a dictionary, which is needed to unpack it")


@pytest.mark.parametrize("size", [65, 512])
def test_xz_may_ask_for_no_more_than_256_mb(size: int) -> None:
    how = [{"id": lzma.FILTER_LZMA2, "dict_size": size << 20}]
    texts, unread = read(source(lzma.compress(TEXT, filters=how), "x"))
    if size < 256:
        assert (texts, unread) == ({"x!/x": TEXT}, [])
    else:
        assert unread == [Unread("x!/x", "unpacking it needs too much memory")]


@pytest.mark.parametrize("make", [make for _, make, _ in STREAMS], ids=[name for name, _, _ in STREAMS])
def test_the_good_part_of_what_ends_in_the_middle_is_read_and_the_rest_listed(make: Make) -> None:
    lines = b"".join(b"maria.huber%d@example.com\n" % number for number in range(60_000))
    data = make(lines)
    texts, unread = read(source(data[: len(data) * 3 // 4], "d"))
    (text,) = texts.values()
    assert len(text) > len(lines) // 9
    assert lines.startswith(text)
    assert unread
    assert all("in the middle" in each.why for each in unread)


def test_a_member_is_named_after_its_file() -> None:
    names = {
        "a/list.csv.gz": "list.csv",
        "a/list.csv.ZST": "list.csv",
        "dump.tgz": "dump.tar",
        "dump.txz": "dump.tar",
        "a/b": "b",
        ".gz": ".gz",
        "list.csv": "list.csv",
    }
    assert {name: inner_name(name) for name in names} == names


def test_members_that_share_bytes_come_after_all_others() -> None:
    body = zipped({"a": TEXT})[: -22 - 47]
    packed = len(body) - 31
    data = with_good([(name, 0, packed, 0) for name in (b"a", b"b", b"c")], body, TEXT)
    texts, _ = read(source(data, "z"))
    assert list(texts) == ["z!/good", "z!/a", "z!/b", "z!/c"]
    assert set(texts.values()) == {TEXT}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_with_a_wrong_checksum_is_read_and_listed(method: int) -> None:
    data = bytearray(zipped({"a": TEXT}, method))
    data[data.index(b"PK\1\2") + 16] ^= 1
    texts, [unread] = read(source(bytes(data), "z"))
    assert texts == {"z!/a": TEXT}
    assert unread.partly
    assert unread.why == "the member is damaged, or its header contradicts the directory"


@pytest.mark.parametrize("program", [b"MZ" + bytes(9000), b"#!/usr/bin/env python3\n"], ids=["exe", "script"])
def test_a_zip_behind_a_program_is_read(program: bytes) -> None:
    texts, unread = read(source(program + zipped({"a": TEXT, "b": TEXT}), "p"))
    assert texts.keys() == {"p", "p!/a", "p!/b"}
    assert texts["p!/a"] == texts["p!/b"] == TEXT
    assert unread == []


def test_a_missing_library_is_said_and_what_to_install() -> None:
    program = (
        "import sys, tempfile\n"
        "from trapstreet.core.model.errors import UnusableInput\n"
        "from trapstreet.plugins.formats import archive\n"
        "try:\n"
        "    list(archive.members(tempfile.TemporaryFile(), '7zip', 'none', ''))\n"
        "except UnusableInput as error:\n"
        "    sys.stdout.write(error.message)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "LIBARCHIVE": "libnothing.so.13"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "libarchive is missing: install libarchive13"
