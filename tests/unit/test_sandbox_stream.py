"""A parser may do whatever it likes: the parent goes on and no process stays behind."""

import io
import os
import tempfile
import time
from pathlib import Path

import pytest

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.sandbox import Limits, stream

QUICK = Limits(memory=512 << 20, cpu=1, silence=20.0, waiting=40.0, frame=1 << 20)
IMPATIENT = Limits(silence=0.7, waiting=1.2)


def run(name: str, *arguments: str | int | bytes, limits: Limits = QUICK) -> list[object]:
    return list(stream(f"sandbox_targets:{name}", *arguments, limits=limits))


def gone(pid: int) -> bool:
    """No process of that number is left, not even a zombie; a killed grandchild goes when init reaps it."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z" and Path(f"/proc/{pid}/stat").read_text().split()[3] != str(os.getpid()):
            return True
        time.sleep(0.01)
    return False


def test_objects_come_as_they_were_yielded() -> None:
    assert run("echo", "ü", 7, b"\xff") == ["ü", 7, b"\xff"]
    assert run("count", 1000) == list(range(1000))


def test_large_objects_come_whole() -> None:
    assert [len(block) for block in run("blocks", 20, 1_000_000)] == [1_000_000] * 20  # type: ignore[arg-type]


def test_a_large_argument_is_handed_over() -> None:
    assert run("echo", b"a" * 900_000) == [b"a" * 900_000]


def test_an_open_file_without_a_name_is_read_from_its_beginning() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        assert list(stream("sandbox_targets:opened", file, limits=QUICK)) == [b"0123456789"]


def test_the_child_has_nothing_but_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("HOME", "/root")
    [seen] = run("surroundings")
    assert isinstance(seen, dict)
    assert set(seen["environment"]) <= {"PYTHONPATH", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert seen["session"] == seen["pid"] != os.getsid(0)
    assert (seen["folder"], seen["stdin"], seen["core"]) == ([], "", 0)
    assert len(seen["descriptors"]) <= 5  # the three of every process, the frames, the listing itself


def test_the_child_cannot_write_files(tmp_path: Path) -> None:
    for place in (tmp_path / "loot", "loot", "/tmp/loot"):
        with pytest.raises(PluginFailed, match=r"(OSError|PermissionError|FileNotFoundError)"):
            run("writes", str(place))
    assert list(tmp_path.iterdir()) == []


DEATHS = [
    ("aborts", (), r"the sandbox_targets parser died \(SIGABRT\)"),
    ("leaves", (), r"died \(status 0\)"),
    ("kills_itself", (9,), r"died \(SIGKILL\)"),
    ("kills_itself", (50,), r"died \(signal 50\)"),
    ("loops", (), "used more than 1 s of processor time"),
    ("hogs", (), "needed more than 512 MB of memory"),
    ("breaks", (), r"failed \(KeyError at sandbox_targets:\d+\)"),
    ("blocks", (1, 2 << 20), r"sent an object of 2,097,157 bytes, more than 1,048,576"),
    ("announces", (0xFFFFFFFF,), "sent an object of 4,294,967,295 bytes"),
    ("closes", (), "closed its output in the middle"),
    ("forges", (b"\x00\x01\0\0\0\xc1",), "sent something that cannot be decoded"),
    ("forges", (b"\x00\x05\0\0\0\xdd\xff\xff\xff\xff",), "sent something that cannot be decoded"),
    ("forges", (b"\x00\x20\x4e\0\0" + b"\x91" * 20_000,), "sent something that cannot be decoded"),
    ("forges", (b"\x00\x03\0\0\0\xa2\xff\xfe",), "sent something that cannot be decoded"),
    ("forges", (b"\x09\x01\0\0\0\x01",), "sent something that is no object"),
    ("forges", (b"\x02\x01\0\0\0\x01",), "sent something that is no object"),
    ("no_such_generator", (), r"failed \(AttributeError at trapstreet.sandbox.child:\d+\)"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments", "message"), DEATHS)
def test_a_bad_end_is_a_failed_plugin(name: str, arguments: tuple[int | bytes], message: str) -> None:
    began = time.monotonic()
    with pytest.raises(PluginFailed, match=message) as failure:
        run(name, *arguments)
    assert "secret cell" not in str(failure.value)
    assert time.monotonic() - began < QUICK.silence


@pytest.mark.parametrize("name", ["loops", "sleeps", "dawdles", "trickles"])
def test_who_keeps_us_waiting_is_killed(name: str) -> None:
    with pytest.raises(PluginFailed, match="kept us waiting too long"):
        run(name, limits=IMPATIENT)


def test_what_came_before_a_bad_end_is_kept() -> None:
    objects = stream("sandbox_targets:aborts", limits=QUICK)
    assert next(objects) == "first"
    with pytest.raises(PluginFailed):
        next(objects)


def test_unusable_input_arrives_as_itself_and_printable() -> None:
    with pytest.raises(UnusableInput, match=r"the sheet is \ufffd.31mempty: save it again"):
        run("refuses")


def test_noise_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("shouts") == ["heard"]
    assert capfd.readouterr() == ("", "")


def test_stopping_early_leaves_no_process() -> None:
    objects = stream("sandbox_targets:ignores_signals", limits=QUICK)
    pid = next(objects)
    assert isinstance(pid, int)
    os.kill(pid, 0)
    objects.close()  # type: ignore[attr-defined]
    assert gone(pid)


def test_a_dropped_iterator_leaves_no_process() -> None:
    pid = next(stream("sandbox_targets:ignores_signals", limits=QUICK))
    assert isinstance(pid, int)
    assert gone(pid)


def test_what_the_child_started_goes_with_it() -> None:
    objects = stream("sandbox_targets:breeds", limits=QUICK)
    pid = next(objects)
    assert isinstance(pid, int)
    objects.close()  # type: ignore[attr-defined]
    assert gone(pid)


def test_no_folder_and_no_descriptor_stay_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(list(Path("/dev/fd").iterdir()))
    for name in ("aborts", "refuses", "breaks"):
        with pytest.raises((PluginFailed, UnusableInput)):
            run(name)
    next(stream("sandbox_targets:count", 10**9, limits=QUICK))
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_busy_consumer_does_not_use_up_the_childs_time() -> None:
    objects = stream("sandbox_targets:blocks", 40, 100_000, limits=Limits(silence=1.0, waiting=1.0))
    for n, _ in enumerate(objects):
        if n < 2:
            time.sleep(0.6)
    assert n == 39


def test_an_argument_without_a_descriptor_is_refused_before_anything_starts() -> None:
    with pytest.raises(io.UnsupportedOperation):
        next(stream("sandbox_targets:opened", io.BytesIO(b"x")))
