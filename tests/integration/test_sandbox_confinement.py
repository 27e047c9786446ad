"""A parser that its input has hijacked finds nothing to take, nobody to tell, and nothing to break."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

import trapstreet
from trapstreet.sandbox import Limits, measures, stream

QUICK = Limits(memory=512 << 20, cpu=5, silence=20.0, waiting=40.0, frame=4 << 20)


@pytest.fixture(autouse=True)
def _kernel_that_confines() -> None:
    if not (measures().landlock and measures().namespaces and measures().filtered):
        pytest.skip(f"this kernel does not confine: {measures()}")


def tried(what: str, *arguments: str | int) -> object:
    [outcome] = stream("sandbox_targets:tries", what, *arguments, limits=QUICK)
    return outcome


def python(script: str, *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What another program of the user prints; its folder is on its path, as Python has it."""
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / ".ssh"
    folder.mkdir()
    key = folder / "id_ed25519"
    key.write_text("the owner's own")
    key.chmod(0o600)
    return key


def test_the_users_files_can_be_neither_read_nor_listed_nor_changed(secret: Path) -> None:
    assert tried("read", str(secret)) == "EACCES"
    assert tried("open to write", str(secret)) == "EACCES"
    assert tried("remove", str(secret)) == "EACCES"
    assert tried("list", str(secret.parent)) == "EACCES"
    assert tried("open to all", str(secret)) == "EPERM"
    assert tried("date", str(secret)) == "EPERM"
    assert tried("link", str(secret.parent / "link")) == "EACCES"
    assert tried("read", "/etc/passwd") == "EACCES"
    assert tried("list", "/") == "EACCES"
    assert secret.read_text() == "the owner's own"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert list(secret.parent.iterdir()) == [secret]


def test_a_folder_that_one_call_may_read_is_closed_to_every_other(secret: Path) -> None:
    folder = secret.parent
    allowed = Limits(memory=QUICK.memory, cpu=QUICK.cpu, folders=(str(folder),))
    tries = {"read": secret, "list": folder, "open to write": secret, "write": folder / "loot"}
    outcomes = [
        outcome
        for what, path in tries.items()
        for outcome in stream("sandbox_targets:tries", what, str(path), limits=allowed)
    ]
    assert outcomes == ["done", "done", "EACCES", "EACCES"]
    assert tried("read", str(secret)) == "EACCES"


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev/shm", "/usr/share"])
def test_nothing_can_be_written_anywhere(folder: str) -> None:
    loot = Path(folder) / "trapstreet-loot"
    assert tried("write", str(loot)) == "EACCES"
    assert not loot.exists()


def test_the_program_itself_cannot_be_changed() -> None:
    assert tried("open to write", trapstreet.__file__) == "EACCES"
    assert tried("open to write", msgspec.__file__) == "EACCES"
    assert tried("write", str(Path(trapstreet.__file__).parent / "loot.py")) == "EACCES"


def test_the_folder_of_the_users_own_program_is_not_read(tmp_path: Path) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text("x")
    read = f"stream('sandbox_targets:tries', 'read', '{customers}')"
    done = python(f"from trapstreet.sandbox import stream; print(*{read})", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("EACCES\n", "")


def test_no_server_is_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
            named.bind(str(tmp_path / "socket"))
            abstract.bind(f"\0trapstreet-{os.getpid()}")
            for server in (tcp, udp, named, abstract):
                server.setblocking(False)
            named.listen()
            abstract.listen()
            assert tried("tcp", tcp.getsockname()[1]) == "EPERM"
            assert tried("udp", udp.getsockname()[1]) == "EPERM"
            assert tried("unix", str(tmp_path / "socket")) == "EPERM"
            assert tried("unix", f"\0trapstreet-{os.getpid()}") == "EPERM"
            assert tried("listen") == "EPERM"
            assert tried("io_uring") == "EPERM"
            for server in (tcp, named, abstract):
                with pytest.raises(BlockingIOError):
                    server.accept()
            with pytest.raises(BlockingIOError):
                udp.recv(10)


def test_the_parent_is_neither_signalled_nor_read() -> None:
    parent = os.getpid()
    assert tried("signal", parent) == "ESRCH"
    assert tried("signal", os.getppid()) == "ESRCH"
    for name in ("environ", "mem", "maps", "cmdline", "fd"):
        assert tried("list" if name == "fd" else "read", f"/proc/{parent}/{name}") == "EACCES"
    assert tried("read", "/proc/1/environ") == "EACCES"
    assert tried("read", f"/proc/{parent}/root/etc/passwd") == "EACCES"


@pytest.mark.parametrize("what", ["root", "chroot", "raise limits", "priority"])
def test_no_power_is_left(what: str) -> None:
    assert tried(what) in ("EPERM", "EACCES", "EINVAL")


def test_a_file_is_lent_for_reading_only_and_its_place_is_kept() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.seek(3)
        [failed] = stream("sandbox_targets:spoils", file, limits=QUICK)
        assert failed == ["EBADF", "EINVAL", "EACCES", "EPERM"]
        assert file.tell() == 3
        assert file.read() == b"3456789"


def test_what_a_fork_bomb_started_goes_with_its_parent() -> None:
    objects = stream("sandbox_targets:multiplies", 300, limits=QUICK)
    [*started] = next(objects)  # type: ignore[misc]
    assert started
    assert len(started) < 256 or not os.getuid()  # the kernel holds no limit on processes against root
    objects.close()  # type: ignore[attr-defined]
    assert [number for number in started if Path(f"/proc/{number}").exists()] == []


DEGRADED = """
from trapstreet.sandbox import calls, confine, measures, stream
calls._REFUSED += {refused!r}
confine.powerless()
calls.refuse()
there = measures()
print(there.landlock > 0, there.namespaces, there.filtered)
print(*stream("sandbox_targets:echo", 1, 2), *stream("sandbox_targets:tries", "write", {place!r}))
objects = stream("sandbox_targets:ignores_signals")
print(next(objects))
objects.close()
"""


@pytest.mark.parametrize(
    ("refused", "found"),
    [("", "True False True"), ("landlock_create_ruleset 444 444", "False False True")],
    ids=["namespaces", "Landlock"],
)
def test_where_the_system_forbids_it_children_run_with_less(tmp_path: Path, refused: str, found: str) -> None:
    loot = tmp_path / "loot"
    done = python(DEGRADED.format(refused=refused, place=str(loot)))
    assert done.stderr == ""
    said, worked, number = done.stdout.splitlines()
    assert said == found
    assert worked.startswith("1 2 E")
    assert not Path(f"/proc/{number}").exists()
    assert not loot.exists() or not loot.stat().st_size
