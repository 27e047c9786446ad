"""The program git, run so that neither a repository nor a server can make it do more than read.

No settings of the machine, of its user or of a repository count: a folder of our own borrows the objects
(objects/info/alternates), so that a repository's own config, hooks and attributes are never looked at.
Nothing is checked out, no submodule is fetched, and nobody is asked for a password.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.plugins.sources._gitprocess import STEP, Failed, Words, ask, ended, line_of
from trapstreet.plugins.sources._gitroom import Room
from trapstreet.plugins.sources._parts import Blocks

SILENCE = 60.0
"""Seconds without a word, after which a server has hung."""

LONGEST = 6 * 3600.0
"""Seconds that a server may take for a repository altogether."""

_MEMORY = 4 << 20
"""Kilobytes of address space of a process: an object that claims more fails alone."""

_SETTINGS = {
    "protocol.allow": "never",
    "protocol.version": "2",
    "core.packedGitLimit": "1g",
    "core.packedGitWindowSize": "32m",
    "core.bigFileThreshold": "16m",  # larger ones are streamed
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}
_MOST = 64 << 20  # of what git says; with more it waits, and is taken to have hung
_SMALL = 1 << 20


class Git:
    """A folder of our own, gone when it is closed, and git run in it. Raises UnusableInput without git.

    settings  of git, on top of those that keep it safe
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        program = shutil.which("git")
        if not program:
            raise UnusableInput(
                "the program git is not installed", hint="install it: the package is called git"
            )
        self._program = program
        self._room = Room()
        self.folder = self._room.folder
        self.place = self.folder / "objects.git"
        given = dict(_SETTINGS) | dict(settings)
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "false",
            "SSH_ASKPASS": "false",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_CONFIG_COUNT": str(len(given)),
        }
        for number, (key, value) in enumerate(given.items()):
            self._environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        if agent := os.environ.get("SSH_AUTH_SOCK"):
            self._environment["SSH_AUTH_SOCK"] = agent
        self._all: list[subprocess.Popen[bytes]] = []
        self._idle: list[subprocess.Popen[bytes]] = []
        self._checking: subprocess.Popen[bytes] | None = None

    def borrow(self, objects: Path, *, shallow: bytes, form: str) -> None:
        """The objects of a folder are ours to read. shallow: where histories end;  form: sha1 or sha256."""
        self.said("init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(self.place))
        alternates = self.place / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(_quoted(os.fsencode(objects.resolve())) + b"\n")
        if shallow:
            (self.place / "shallow").write_bytes(shallow)

    def clone(self, url: str) -> None:
        """All that a server shows of a repository, in place of what was cloned before."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.said("clone", "--mirror", "--template=", "--progress", "--", url, str(self.place))

    def lines(self, *arguments: str, given: Iterable[bytes] | None = None) -> Iterator[bytes]:
        """What git writes, line by line, without line ends; given: lines for it to read. Raises Failed."""
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.writelines(given or ())
            file.seek(0)
            process = self._started("--git-dir", str(self.place), *arguments, stdin=file)
        try:
            for line in cast(BinaryIO, process.stdout):
                yield line.rstrip(b"\n")
            if process.wait():
                raise Failed("")
        finally:
            ended(process)

    def said(self, *arguments: str) -> bytes:
        """What git writes, where that is little. Raises Failed, and Unreachable where a server says nothing
        for too long."""
        process = self._started(*arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        began, words = time.monotonic(), Words(cast(BinaryIO, process.stderr))
        given = bytearray()

        def read() -> None:
            with suppress(OSError, ValueError):
                while len(given) < _MOST and (piece := os.read(out.fileno(), STEP)):
                    given.extend(piece)

        out = cast(BinaryIO, process.stdout)
        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        try:
            while process.poll() is None:
                now = time.monotonic()
                if now - words.last > SILENCE or now - began > LONGEST:
                    raise Unreachable("the server took too long", hint="see whether it is well there")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
            reading.join(1)
            words.join(1)
        finally:
            ended(process)
        if process.returncode:
            raise Failed(words.tail.decode(errors="replace"))
        return bytes(given)

    def checked(self, names: Sequence[bytes]) -> list[tuple[str, int]]:
        """Kind and size of objects by their ids, in the same order; ("missing", 0) for one that is not
        there. To be asked for some hundreds at a time: for more, both sides would wait for the other to read.
        """
        if self._checking is None:
            self._checking = self._process("--batch-check=%(objecttype) %(objectsize)")
        try:
            ask(self._checking, names)
            answers = [line_of(self._checking).partition(b" ") for _ in names]
        except (OSError, Failed) as error:
            ended(self._checking)
            self._checking = None
            raise Failed("") from error
        return [(kind.decode(), int(size)) if size.isdigit() else ("missing", 0) for kind, _, size in answers]

    def opened(self, name: str) -> BinaryIO:
        """An object's bytes, to be read once. Raises OSError."""
        process = self._idle.pop() if self._idle else self._process("--batch")
        try:
            ask(process, [name.encode()])
            head = line_of(process).split(b" ")
            size = int(head[2])
        except (OSError, Failed, ValueError, IndexError) as error:
            ended(process)
            raise OSError("the repository has no such object, or a damaged one") from error
        left = size + 1  # and a line end

        def blocks() -> Iterator[bytes]:
            nonlocal left
            while left > 0:
                piece = cast(BinaryIO, process.stdout).read(min(left, STEP))
                left -= len(piece)
                if not piece:
                    return
                yield piece if left else piece[:-1]

        def close() -> None:
            if left <= _SMALL:
                for _ in passing:
                    pass
            if left or len(self._idle) > 0:
                ended(process)
            else:
                self._idle.append(process)

        passing = blocks()
        return cast(BinaryIO, Blocks(passing, size=size, close=close))

    def close(self) -> None:
        for process in self._all:  # those whose object nobody closed as well
            ended(process)
        self._all, self._idle, self._checking = [], [], None
        self._room.close()

    def _process(self, how: str) -> subprocess.Popen[bytes]:
        return self._started("--git-dir", str(self.place), "cat-file", how, stdin=subprocess.PIPE)

    def _started(
        self, *arguments: str, stdin: int | IO[bytes], stderr: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """The process leads a group of its own, with all that it starts."""
        blocks = shutil.disk_usage(self.folder).free // 2 // 512  # no one file takes more than half of it
        limits = f'ulimit -v {_MEMORY}; ulimit -f {blocks}; exec "$@"'
        process = subprocess.Popen(
            ["/bin/sh", "-c", limits, "sh", self._program, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self._environment,
            cwd=self.folder,
            start_new_session=True,
        )
        self._all = [*(each for each in self._all if each.returncode is None), process]
        return process


def _quoted(path: bytes) -> bytes:
    """A path as a line of info/alternates, where a line break or a # would end or hide it."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
