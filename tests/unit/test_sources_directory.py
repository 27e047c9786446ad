"""Directories, files and standard input: everything there is comes once, or is listed with the reason."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import SourceObject, Unread, printable
from trapstreet.plugins import sources


def listed(location: Path | str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Contents and reasons, by path relative to the location."""
    texts, unread = {}, {}
    for found in sources.objects(str(location)):
        name = os.path.relpath(found.path, location)
        if isinstance(found, Unread):
            unread[name] = found.why
        else:
            assert found.source == str(location)
            with found.open() as file:
                texts[name] = file.read()
            assert found.size == len(texts[name])
    return texts, unread


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    heap = tmp_path / "heap"
    for name in ("b/2.txt", "b/1.txt", "a.txt", "c", "b/deep/er/x"):
        (heap / name).parent.mkdir(parents=True, exist_ok=True)
        (heap / name).write_text(name)
    return heap


def test_files_come_in_sorted_order_each_directory_before_those_below_it(heap: Path) -> None:
    texts, unread = listed(heap)
    assert list(texts) == ["a.txt", "c", "b/1.txt", "b/2.txt", "b/deep/er/x"]
    assert texts["b/1.txt"] == b"b/1.txt"
    assert unread == {}


@pytest.mark.parametrize("inside", ["!/inner.zip", "!/inner.zip!/b.csv", "!Sheet 2"])
def test_a_place_inside_a_file_is_refused_with_the_file_to_pass(tmp_path: Path, inside: str) -> None:
    file = tmp_path / "new!" / "x.7z"
    file.parent.mkdir()
    file.write_bytes(b"7z")
    with pytest.raises(Unreachable, match="no such file") as refused:
        sources.objects(f"{file}{inside}")
    assert refused.value.hint == f"pass the file itself: {file}"
    with pytest.raises(Unreachable) as refused:
        sources.objects(f"{file.parent}/y.7z{inside}")
    assert refused.value.hint == "check the path"


def test_an_empty_location_is_not_this_folder() -> None:
    with pytest.raises(Unreachable, match="is empty"):
        sources.objects("")


def test_closed_standard_input_is_unreachable_though_another_file_got_its_number() -> None:
    look = "from trapstreet.plugins.sources import objects\nopen('/dev/null')\nobjects('-')"
    line = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-c", look]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert ended.stderr.endswith("Unreachable: standard input is closed: pipe something into it\n")


def test_a_file_is_its_own_location(heap: Path) -> None:
    [found] = sources.objects(str(heap / "a.txt"))
    assert isinstance(found, SourceObject)
    assert (found.source, found.path, found.size) == (str(heap / "a.txt"), str(heap / "a.txt"), 5)


def test_links_inside_are_not_followed_and_links_out_are_listed(heap: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("f")
    (heap / "loop").symlink_to(heap)
    (heap / "twin").symlink_to(heap / "a.txt")
    (heap / "dangling").symlink_to(tmp_path / "nothing")
    (heap / "out").symlink_to(tmp_path / "outside")
    (heap / "out.txt").symlink_to(tmp_path / "outside" / "f")
    texts, unread = listed(heap)
    assert list(texts) == ["a.txt", "c", "b/1.txt", "b/2.txt", "b/deep/er/x"]
    assert set(unread) == {"out", "out.txt"}
    assert "link out of the scanned directory" in unread["out"]


def test_a_link_given_by_name_is_followed(heap: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(heap)
    (tmp_path / "file").symlink_to(heap / "a.txt")
    assert next(iter(listed(tmp_path / "link")[0])) == "a.txt"
    [found] = sources.objects(str(tmp_path / "file"))
    assert isinstance(found, SourceObject)
    with found.open() as file:
        assert file.read() == b"a.txt"


def test_pipes_sockets_and_devices_are_listed_and_never_opened(
    heap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(heap)  # the address of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        _, unread = listed(heap)
    assert unread == {"pipe": "a named pipe, not a file", "sock": "a socket, not a file"}
    [found] = sources.objects("pipe")
    assert found == Unread("pipe", "a named pipe, not a file")
    [found] = sources.objects("/dev/zero")
    assert found == Unread("/dev/zero", "a character device, not a file")


def test_a_pipe_that_takes_the_name_of_a_file_does_not_block(heap: Path) -> None:
    [found] = sources.objects(str(heap / "a.txt"))
    assert isinstance(found, SourceObject)
    (heap / "a.txt").unlink()
    os.mkfifo(heap / "a.txt")
    with pytest.raises(OSError, match="a named pipe, not a file"):
        found.open()


def test_a_location_that_does_not_exist_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such file or directory"):
        sources.objects(str(tmp_path / "nothing"))
    with pytest.raises(Unreachable):
        sources.objects("null\0byte")
    with pytest.raises(UnusableInput):
        sources.objects("gopher://example.com/")


def test_the_message_about_a_missing_location_is_one_printable_line() -> None:
    with pytest.raises(Unreachable) as error:
        sources.objects("no\x1b[2J\n\udcffthing")
    assert r"no\x1b[2J\n\xffthing" in str(error.value)


def test_names_that_do_not_print_survive(tmp_path: Path) -> None:
    names = [b"line\nbreak", b"esc\x1b[31m", b"\xff\xfe", "grün".encode()]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    texts, _ = listed(tmp_path)
    assert {os.fsencode(name): content for name, content in texts.items()} == {name: name for name in names}
    assert [printable(name) for name in texts] == [r"esc\x1b[31m", "grün", r"line\nbreak", r"\xff\xfe"]


WITHOUT_RIGHTS = """
import os, sys
from trapstreet.plugins import formats, sources
list(formats.read(next(iter(sources.objects(sys.argv[2])))))  # loads what this user may not load later
if os.geteuid() == 0:
    os.setuid(65534)
for found in sources.objects(sys.argv[1]):
    for part in [found] if hasattr(found, "why") else formats.read(found):
        print(os.path.basename(part.path), getattr(part, "why", "read"))
"""


def test_permission_denied_is_listed_and_the_walk_goes_on() -> None:
    with tempfile.TemporaryDirectory() as folder:
        heap = Path(folder)
        heap.chmod(0o755)
        (heap / "locked").mkdir(mode=0)
        for name, mode in (("a-secret", 0), ("open", 0o644)):
            (heap / name).write_text("x")
            (heap / name).chmod(mode)
        command = [sys.executable, "-c", WITHOUT_RIGHTS, folder, __file__]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out == "a-secret permission denied\nopen read\nlocked permission denied\n"


def test_a_path_below_a_file_is_unreachable(heap: Path) -> None:
    with pytest.raises(Unreachable, match="not a directory"):
        sources.objects(str(heap / "a.txt" / "x"))


STDIN = """
import sys
from trapstreet.plugins import formats, sources
for found in sources.objects("-"):
    for text in formats.read(found):
        sys.stdout.write(f"{text.path} {sum(map(len, text.chunks))}\\n")
"""


@pytest.mark.parametrize("way", ["pipe", "file"])
def test_standard_input_is_one_object(way: str, heap: Path) -> None:
    command = [sys.executable, "-c", STDIN]
    if way == "pipe":
        done = subprocess.run(command, input=b"a.txt", capture_output=True, check=True)
    else:
        with (heap / "a.txt").open("rb") as file:
            done = subprocess.run(command, stdin=file, capture_output=True, check=True)
    assert done.stdout == b"- 5\n"
