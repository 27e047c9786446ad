"""Archives that other programs make: the planted lines come out, and whatever is done to them is said."""

import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from formats_containers import ARCHIVES, NAME, Make, encrypted_zip, rar4, rar5, seven_zip, tarred
from readers import needs
from taken_apart import read, source
from trapstreet.core.model.objects import Unread

pytestmark = pytest.mark.system

TEXT = (
    "Maria Huber\tmaria.huber@example.com\t+49 30 901820\nJürgen Müßig\tj.müßig@example.de\t10424\n".encode()
)
KINDS = [each[0] for each in ARCHIVES]


@pytest.mark.parametrize(("make", "inner"), [each[1:] for each in ARCHIVES], ids=KINDS)
def test_the_same_lines_come_out_of_every_archive(make: Make, inner: str) -> None:
    contents = [TEXT, TEXT * 5000] + ([b""] if inner != "!/dump.bin" else [])
    for content in contents:
        assert read(source(make(content))) == ({"heap/dump.bin" + inner: content}, [])


@pytest.mark.parametrize("make", [each[1] for each in ARCHIVES], ids=KINDS)
def test_whatever_is_damaged_reading_ends_and_nothing_is_lost_in_silence(make: Make) -> None:
    draw = random.Random(7)
    data = make(TEXT * 40)
    for _ in range(40):
        damaged = bytearray(data)
        at = draw.randrange(len(damaged))
        damaged[at : at + 4] = draw.randbytes(4)
        texts, unread = read(source(bytes(damaged)))
        assert texts or unread
        for each in unread:
            assert each.why.isprintable()
            assert "maria" not in each.why


@pytest.mark.parametrize("make", [make for kind, make, _ in ARCHIVES if kind != "compress"])  # has no end
def test_an_archive_that_ends_in_the_middle_is_listed(make: Make) -> None:
    noise = random.Random(8).randbytes(300_000)
    data = make(noise)
    assert len(data) > len(noise)
    _, unread = read(source(data[:200_000]))
    assert unread


ENCRYPTED = (
    "-mx0",
    "-m0=lzma",
    "-m0=lzma2",
    "-m0=bzip2",
    "-m0=deflate",
    "-m0=deflate64",
    "-m0=bcj -m1=lzma2",
    "-mhe=on",
)


@pytest.mark.parametrize("how", ENCRYPTED)
def test_an_encrypted_7z_archive_is_opened_by_the_password_among_wrong_ones(how: str) -> None:
    place = "a.7z" if how == "-mhe=on" else f"a.7z!/{NAME}"
    data = seven_zip("-pböses Wört", *how.split())(TEXT * 3000)
    assert read(source(data, "a.7z")) == ({}, [Unread(place, "encrypted: give --password-file")])
    none = "encrypted: none of the 2 passwords fits"
    assert read(source(data, "a.7z"), passwords=("wrong", "x")) == ({}, [Unread(place, none)])
    texts, unread = read(source(data, "a.7z"), passwords=("wrong", "böses Wört"))
    assert (texts, unread) == ({f"a.7z!/{NAME}": TEXT * 3000}, [])


def test_files_of_a_7z_archive_with_passwords_of_their_own_are_each_opened(tmp_path: Path) -> None:
    needs("7z")
    for name, how in (("open", []), ("first", ["-pone"]), ("second", ["-ptwo"]), ("third", ["-pthree"])):
        (tmp_path / name).write_bytes(TEXT + name.encode())
        subprocess.run(["7z", "a", *how, "a.7z", name], cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "a.7z").read_bytes()
    texts, unread = read(source(data, "a"), passwords=("two", "one"))
    assert texts == {f"a!/{name}": TEXT + name.encode() for name in ("open", "first", "second")}
    assert unread == [Unread("a!/third", "encrypted: none of the 2 passwords fits", partly=False)]


def test_an_encrypted_7z_archive_that_is_damaged_ends_and_is_listed() -> None:
    data, draw = seven_zip("-psecret", "-mx0")(TEXT * 40), random.Random(4)
    for _ in range(60):
        damaged = bytearray(data[: draw.randrange(40, len(data))] if draw.random() < 0.2 else data)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        texts, unread = read(source(bytes(damaged), "a"), passwords=("secret",))
        assert unread or TEXT * 40 in texts.values()
        assert not [each for each in unread if each.why.startswith("a bug")]


@pytest.mark.parametrize("method", ["ZipCrypto", "AES256"])
def test_an_encrypted_zip_is_opened_by_the_password_among_many_wrong_ones(method: str) -> None:
    name = "z!/a/bücher.csv"
    wrong = tuple(f"not {number}" for number in range(600))
    data = encrypted_zip("nobody's own", method)(TEXT)
    assert read(source(data, "z")) == ({}, [Unread(name, "encrypted: give --password-file")])
    none = "encrypted: none of the 3 passwords fits"
    assert read(source(data, "z"), passwords=wrong[:3]) == ({}, [Unread(name, none)])
    texts, unread = read(source(data, "z"), passwords=("wrong", "nobody's own"))
    assert (texts, unread) == ({name: TEXT}, [])


def test_links_and_devices_are_passed_over_and_their_neighbours_read(tmp_path: Path) -> None:
    needs("7z", "genisoimage")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(".")
    (folder / "good").write_bytes(TEXT)
    for command in (
        ["7z", "a", "-snl", "../a.7z", "."],
        ["genisoimage", "-quiet", "-R", "-o", "../a.iso", "."],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for archive in ("a.7z", "a.iso"):
        texts, unread = read(source((tmp_path / archive).read_bytes(), "a"))
        assert (texts, unread) == ({"a!/good": TEXT}, [])


def test_names_of_members_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpio")
    names = ["../../evil", "con\x1b[31mtrol", "x" * 200]
    for name in names:
        (tmp_path / "in" / "deep" / "deeper" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "deep" / "deeper" / name).write_bytes(TEXT)
    made = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet", "-0"],
        input="\0".join(names).encode(),
        cwd=tmp_path / "in" / "deep" / "deeper",
        capture_output=True,
        check=True,
    )
    shutil.rmtree(tmp_path / "in")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    texts, unread = read(source(made.stdout, "c"))
    assert texts == {f"c!/{name}": TEXT for name in names}
    assert unread == []
    assert [*tmp_path.rglob("*")] == [tmp_path / "here"]


def test_a_7z_bomb_is_left_and_the_good_member_behind_it_read() -> None:
    bomb = seven_zip("-mx1")(bytes(100 << 20))
    assert len(bomb) < 100_000
    texts, unread = read(source(tarred({"bomb.7z": bomb, "good": TEXT}), "t"))
    assert texts["t!/good"] == TEXT
    assert [each.path for each in unread] == [f"t!/bomb.7z!/{NAME}", "t!/bomb.7z"]
    assert all("stopped after" in each.why for each in unread)


@pytest.mark.parametrize("make", [seven_zip(), rar4, rar5], ids=["7z", "rar 4", "rar 5"])
def test_an_archive_behind_a_program_is_read_and_the_program_too(make: Make) -> None:
    program = b"MZ\x90\0" + b"7z\xbc\xaf\x27\x1c Rar!\x1a\x07\0 anna.huber@example.com" + bytes(200_000)
    texts, unread = read(source(program + make(TEXT), "setup.exe"))
    (member,) = (path for path in texts if path != "setup.exe")
    assert member.startswith("setup.exe!/archive!/a/b")
    assert texts[member] == TEXT
    assert b"anna.huber@example.com" in texts["setup.exe"]
    assert unread == []


def stored_zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/b.txt", content)
    return out.getvalue()


JPEG, PNG, GIF = b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a"


@pytest.mark.parametrize("size", [3_000, (1 << 20) - 5, 3_000_000], ids=["small", "across a MiB", "large"])
@pytest.mark.parametrize("make", [seven_zip(), rar4, rar5, stored_zip], ids=["7z", "rar 4", "rar 5", "zip"])
@pytest.mark.parametrize("picture", [JPEG, PNG, GIF], ids=["jpeg", "png", "gif"])
def test_an_archive_behind_a_picture_is_read_and_the_picture_too(
    picture: bytes, make: Make, size: int
) -> None:
    noise = random.Random(9).randbytes(size - len(picture) - 24)
    data = picture + b" anna.huber@example.com " + noise + make(TEXT)
    for texts, unread in (read(source(data, "a.jpg")), read(source(tarred({"a.jpg": data}), "t"))):
        path = next(path for path in texts if path.endswith("a.jpg"))
        (member,) = (other for other in texts if other != path)
        assert member.startswith(path + "!/")
        assert texts[member] == TEXT
        assert b"anna.huber@example.com" in texts[path]
        assert unread == []


def test_a_picture_without_an_archive_is_one_text() -> None:
    noise = random.Random(9).randbytes(3_000_000)
    texts, unread = read(source(JPEG + noise[:9000] + b"PK\5\6" + b"Rar!\x1a\7" + noise, "a.jpg"))
    assert list(texts) == ["a.jpg"]
    assert unread == []
