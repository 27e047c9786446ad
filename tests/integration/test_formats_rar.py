"""Encrypted RAR archives are opened by their passwords; what cannot be is listed, and the rest is read."""

import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

import rar_archives
from formats_containers import tarred
from rar_archives import ROUNDS, Held, rar4, rar5
from readers import needs
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import _rar, _rar4, _rar5, archive
from trapstreet.plugins.formats._parsed import UNREAD
from tries import tries

PASSWORD = "böses Wört"
TEXT = b"Maria Huber\tmaria.huber@example.com\t+49 30 901820\n" * 700
NONE = "encrypted: give --password-file"
UNKNOWN = "encrypted in a way that is not known here"
A, B = Held("a/bücher.csv", TEXT, PASSWORD), Held("b.csv", TEXT[::-1], PASSWORD)
PACKED_A, PACKED_B = Held(A.name, TEXT, PASSWORD, packed=True), Held(B.name, B.content, PASSWORD, packed=True)
SOLID_B = Held(B.name, B.content, PASSWORD, packed=True, solid=True)
UNTELLABLE = Held("a", TEXT, PASSWORD, check=False, keyed=False, checked=False)
UNCHECKED = Held(A.name, TEXT, PASSWORD, packed=True, check=False)

RAR_5: dict[str, Callable[[], bytes]] = {
    "stored": lambda: rar5([A, B]),
    "packed": lambda: rar5([PACKED_A, PACKED_B]),
    "solid": lambda: rar5([PACKED_A, SOLID_B]),
    "names": lambda: rar5([PACKED_A, B], names=PASSWORD),
    "names, solid": lambda: rar5([PACKED_A, SOLID_B], names=PASSWORD),
    "one salt": lambda: rar5([Held(each.name, each.content, PASSWORD, salt=bytes(16)) for each in (A, B)]),
    "plain checksums": lambda: rar5([Held(A.name, TEXT, PASSWORD, keyed=False), PACKED_B]),
    "BLAKE2": lambda: rar5([Held(A.name, TEXT, PASSWORD, blake=True), B]),
    "RAR's own count": lambda: rar5([Held(A.name, TEXT, PASSWORD, rounds=15), B]),
}
ALL = RAR_5 | {
    "nothing to check passwords by": lambda: rar5([UNCHECKED, B], names=PASSWORD, check=False),
    "RAR 4": lambda: rar4([A, B]),
    "RAR 4, names": lambda: rar4([A, B], names=PASSWORD),
}


@pytest.mark.parametrize("kind", ALL)
def test_an_encrypted_archive_is_opened_by_the_password_among_wrong_ones(kind: str) -> None:
    data = ALL[kind]()
    places = ["d"] if "names" in kind or "nothing" in kind else [f"d!/{A.name}", f"d!/{B.name}"]
    assert read(source(data, "d")) == ({}, [Unread(place, NONE) for place in places])
    none = "encrypted: none of the 2 passwords fits"
    assert read(source(data, "d"), passwords=("wrong", "x"))[1] == [Unread(place, none) for place in places]
    texts, unread = read(source(data, "d"), passwords=("wrong", PASSWORD))
    assert texts == {f"d!/{A.name}": TEXT, f"d!/{B.name}": B.content}
    assert unread == []


@pytest.mark.system
@pytest.mark.parametrize("kind", RAR_5)
def test_the_archives_of_these_tests_are_what_others_open_too(kind: str, tmp_path: Path) -> None:
    needs("unar")
    (tmp_path / "d.rar").write_bytes(RAR_5[kind]())
    how = ["-quiet", "-no-directory", "-password", PASSWORD, "-output-directory", str(tmp_path)]
    subprocess.run(["unar", *how, str(tmp_path / "d.rar")], check=True, capture_output=True)
    assert [(tmp_path / each.name).read_bytes() for each in (A, B)] == [TEXT, B.content]


def test_the_keys_of_rar_4_are_those_that_its_own_archives_have_been_opened_by() -> None:
    key, vector = _rar4._derived("open sesame", bytes(range(8)))
    assert key.hex() == "0369285bb9b8b12c540a4c211e577071"
    assert vector.hex() == "d352b6cd1da9f0dbb1b5feb42dc34f87"


@pytest.mark.parametrize("make", [rar4, rar5])
def test_files_with_passwords_of_their_own_are_each_opened(make: Callable[[list[Held]], bytes]) -> None:
    words = {"open": "", "first": "one", "second": "two", "third": "three", "again": "one", "plain": ""}
    salts = {word: (word * 16).encode()[: 8 if make is rar4 else 16] for word in words.values()}
    data = make([Held(name, TEXT + name.encode(), word, salt=salts[word]) for name, word in words.items()])
    texts, unread = read(source(data, "d"), passwords=("two", "one"))
    assert texts == {f"d!/{name}": TEXT + name.encode() for name in words if name != "third"}
    assert unread == [Unread("d!/third", "encrypted: none of the 2 passwords fits")]


def test_what_is_packed_with_a_file_that_stays_shut_is_listed_and_the_rest_read() -> None:
    files = [
        Held("plain", TEXT, packed=True),
        Held("shut", TEXT, "another", packed=True, solid=True),
        Held("behind", TEXT, packed=True, solid=True),
        Held("anew", TEXT, PASSWORD, packed=True),
        Held("last", TEXT, packed=True, solid=True),
    ]
    texts, unread = read(source(rar5(files), "d"), passwords=(PASSWORD,))
    assert texts == {f"d!/{name}": TEXT for name in ("plain", "anew", "last")}
    why = "encrypted: the password does not fit"
    assert unread == [Unread("d!/shut", why), Unread("d!/behind", why)]


def test_a_file_without_content_is_no_trouble() -> None:
    for data in (rar4([Held("empty", b"", PASSWORD), B]), rar5([Held("empty", b"", PASSWORD), B])):
        texts, unread = read(source(data, "d"), passwords=(PASSWORD,))
        assert (texts, unread) == ({"d!/empty": b"", f"d!/{B.name}": B.content}, [])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: rar4([Held("a", TEXT, PASSWORD, split=True), B]), "another volume"),
        (lambda: rar5([Held("a", TEXT, PASSWORD, version=1), B]), UNKNOWN),
        (lambda: rar4([Held("a", TEXT, PASSWORD, version=20), B]), UNKNOWN),
        (lambda: rar5([UNTELLABLE, B]), UNKNOWN),
        (lambda: rar5([Held("a", TEXT, PASSWORD, check=False, split=True), B]), "another volume"),
        (lambda: rar5([Held("a", TEXT, extra=b"\x80" * 11 + b"\0"), B]), "damaged"),
        (lambda: rar5([Held("a", TEXT, PASSWORD, extra=b"\x80" * 11 + b"\0"), B]), "damaged"),
        (lambda: rar5([Held("a", TEXT, extra=b"\2\1\x80"), B]), UNKNOWN),
    ],
    ids=[
        "RAR 4 volume",
        "a cipher to come",
        "the cipher of RAR 2",
        "no password can be told",
        "nor in a volume",
        "a header that cannot be read",
        "nor whether the file is encrypted",
        "nor how",
    ],
)
def test_what_cannot_be_opened_is_listed_by_name(data: Callable[[], bytes], why: str) -> None:
    texts, [unread] = read(source(data(), "d"), passwords=(PASSWORD,))
    assert texts == {f"d!/{B.name}": B.content}
    assert unread.path == "d!/a"
    assert why in unread.why


def test_the_first_part_of_a_file_in_volumes_is_read_and_its_end_listed() -> None:
    for packed in (True, False):
        part = Held("a", TEXT, PASSWORD, packed=packed, split=True)
        texts, [unread] = read(source(rar5([A, part], names=PASSWORD), "d"), passwords=(PASSWORD,))
        assert texts == {f"d!/{A.name}": TEXT, "d!/a": TEXT}
        assert (unread.path, unread.partly) == ("d!/a", True)
        assert "another volume" in unread.why


def test_whose_the_files_were_is_passed_over() -> None:
    for password in ("", PASSWORD):
        data = rar4([Held("a", TEXT, password), Held("b", TEXT, password)], owners=True)
        assert read(source(data, "d"), passwords=(PASSWORD,)) == ({"d!/a": TEXT, "d!/b": TEXT}, [])


@pytest.mark.parametrize("make", [rar4, rar5])
def test_a_volume_is_read_as_far_as_it_goes_and_what_goes_on_is_listed(make: Callable[..., bytes]) -> None:
    data = make([Held("whole", TEXT), Held("a", TEXT, split=True)])
    texts, [unread] = read(source(data, "d"))
    assert texts == {"d!/whole": TEXT, "d!/a": TEXT}
    assert (unread.path, unread.partly) == ("d!/a", True)
    assert "another volume" in unread.why


def with_rounds(data: bytes, rounds: int) -> bytes:
    """The archive with encrypted headers, which says that its keys took 2 to that power of rounds."""
    header = bytearray(data[12 : 12 + 1 + data[12]])
    header[5] = rounds
    return data[:8] + zlib.crc32(header).to_bytes(4, "little") + header + data[12 + len(header) :]


def test_more_work_than_rar_ever_asks_for_is_not_begun() -> None:
    data = with_rounds(rar5([A], names=PASSWORD), 25)
    assert read(source(data, "d"), passwords=(PASSWORD,)) == ({}, [Unread("d", UNKNOWN)])


def test_work_without_end_is_ended_and_what_lies_beside_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_PATIENCE", 1)
    heap = tarred({"dear.rar": with_rounds(rar5([A], names=PASSWORD), 24), "good": TEXT})
    texts, [unread] = read(source(heap, "t"), passwords=("one", "two", "three"))
    assert texts["t!/good"] == TEXT
    assert unread.path == "t!/dear.rar"
    assert unread.partly
    assert "the archive parser" in unread.why


@pytest.mark.parametrize("kind", ALL)
def test_a_damaged_or_cut_archive_ends_and_is_listed(kind: str) -> None:
    data, draw = ALL[kind](), Random(f"damage {kind}")
    for _ in range(10 if "RAR 4" in kind else 30):
        damaged = bytearray(data[: draw.randrange(40, len(data))] if draw.random() < 0.3 else data)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        texts, unread = read(source(bytes(damaged), "d"), passwords=("wrong", PASSWORD))
        assert unread or list(texts.values()) == [TEXT, B.content]
        assert not [each for each in unread if each.why.startswith("a bug")]


@pytest.mark.parametrize("make", [rar4, rar5])
@pytest.mark.parametrize("names", ["", PASSWORD])
def test_headers_that_lie_under_a_right_checksum_break_nothing(
    make: Callable[..., bytes], names: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_rar5, "_MOST_ROUNDS", ROUNDS + 1)
    draw, block = Random(f"lies {names}"), "_block" if make is rar5 else "_block4"
    honest = getattr(rar_archives, block)
    monkeypatch.setattr(rar_archives, block, lambda fields: honest(lie(fields, draw)))
    files = [Held(name, b"few bytes", PASSWORD, packed=True, solid=name == "b") for name in "abc"]
    for _ in range(tries(250)):
        (tmp_path / "d").write_bytes(make([*files, Held("d", b"plain")], names=names))
        with (tmp_path / "d").open("rb") as file:
            for part in _rar.parts(file, ["wrong", PASSWORD]):
                assert isinstance(part, bytes | list)


def lie(fields: bytes, draw: Random) -> bytes:
    lying, at = bytearray(fields), draw.randrange(len(fields))
    match draw.randrange(8):
        case 0:
            lying[at] = draw.choice([0, 1, 4, 127, 128, 255])
        case 1:
            lying[at:at] = draw.choice([b"\0", draw.randbytes(5), b"\xff" * 9 + b"\x01"])
        case 2:
            del lying[at : at + draw.randrange(1, 6)]
    return bytes(lying) or b"\0"


@pytest.mark.parametrize(
    ("password", "how"),
    [("", {"owners": True}), (PASSWORD, {}), (PASSWORD, {"names": PASSWORD})],
    ids=["owners", "encrypted", "names"],
)
def test_a_rar_4_archive_that_is_cut_off_anywhere_is_not_passed_over(
    password: str, how: dict[str, Any]
) -> None:
    files = [Held(name, name.encode() * 20, password) for name in ("first", "second")]
    data = rar4(files, **how)
    whole: list[Any] = [part for part in _rar.parts(BytesIO(data), [PASSWORD]) if part]
    assert not [part for part in whole if part[0] == UNREAD]
    for end in range(len(rar4(files[:1], **how)) - 7, len(data)):
        cut: list[Any] = [part for part in _rar.parts(BytesIO(data[:end]), [PASSWORD]) if part]
        assert [part for part in cut if part[0] == UNREAD], end
        assert not [part for part in cut if "password" in str(part)], end


def test_an_archive_in_which_no_file_lies_is_not_called_damaged() -> None:
    empty = Unread("d", "no file was found in it")
    assert read(source(rar5([], names=PASSWORD), "d"), passwords=(PASSWORD,)) == ({}, [empty])


@pytest.mark.parametrize("make", [rar4, rar5])
def test_of_ordinary_files_however_many_nothing_is_kept(make: Callable[..., bytes]) -> None:
    data = make([Held("a", b"")] * 5000)
    tracemalloc.start()
    try:
        assert list(_rar.parts(BytesIO(data), [])) == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


BLAKE_A = Held(A.name, TEXT, PASSWORD, blake=True)


@pytest.mark.parametrize(
    "data",
    [rar4([A]), rar5([A]), rar5([PACKED_A]), rar5([BLAKE_A])],
    ids=["RAR 4", "RAR 5", "packed", "BLAKE2"],
)
def test_damage_in_what_is_encrypted_is_told(data: bytes) -> None:
    damaged = bytearray(data)
    damaged[5000] ^= 1
    _, unread = read(source(bytes(damaged), "d"), passwords=(PASSWORD,))
    assert [each.path for each in unread] == [f"d!/{A.name}"]


@pytest.mark.parametrize("make", [rar4, rar5])
def test_an_archive_behind_a_program_is_opened_though_its_names_are_encrypted(
    make: Callable[..., bytes],
) -> None:
    program = b"MZ\x90\0" + bytes(200_000) + make([A], names=PASSWORD)
    texts, unread = read(source(program, "setup.exe"), passwords=(PASSWORD,))
    assert texts.pop("setup.exe")
    assert (list(texts.values()), unread) == ([TEXT], [])
