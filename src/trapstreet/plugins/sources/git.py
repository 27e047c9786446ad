"""Git repositories: every file of every state of their history, and what was said of each state.

Of a repository of this machine (git+file:///srv/repo.git) also what no branch leads to any more: states that
were taken back, files that were added and never committed. Another machine's is fetched whole into a folder
that is gone afterwards, and only when its branches have changed.

A file is named by the oldest state that has it, "1f2e3d4c5b6a:exports/customers.csv"; its version is its
content's id, so that no content is read twice. Needs the program git.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins.sources._gitobjects import objects, opened
from trapstreet.plugins.sources._gitprocess import Failed
from trapstreet.plugins.sources._gitprogram import Git
from trapstreet.plugins.sources._gitremote import Remote, Settings

_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}

title = "Git repositories"
schemes = ("git", "git+https", "git+http", "git+ssh", "git+file")
settings = Settings
reveals = "The server sees that the repository is fetched whole. A folder of this machine: nothing."


def source(settings: Settings) -> "_Local | Remote":
    parts = urlsplit(settings.url)
    scheme = parts.scheme.lower().removeprefix("git+")
    if scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise UnusableInput(
                f"{printable(settings.url)} names a host",
                hint="give git+file:///folder, with three slashes",
            )
        path = settings.url.partition("://")[2].removeprefix("localhost")  # with its # and ?
        return _Local(unquote(path, errors="surrogateescape"))
    if f"git+{scheme}" not in schemes and scheme != "git":
        raise UnusableInput(
            f"{printable(scheme)}:// is no way to a repository", hint=f"{', '.join(schemes)} are known"
        )
    try:
        port = parts.port or _PORTS[scheme]
    except ValueError as error:
        raise UnusableInput("the address has a port that is none", hint="look at the address") from error
    if not parts.hostname or not parts.path.strip("/"):
        raise UnusableInput(
            "the address names no repository", hint="like git+https://git.example.com/team/app.git"
        )
    return Remote(parts._replace(scheme=scheme), port, settings)


class _Local:
    def __init__(self, folder: str) -> None:
        self._folder, self._git = Path(folder), None

    _git: Git | None

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable where no repository lies there."""
        place = self._place()
        state = _state(place)
        if cursor and cursor == state:
            yield Mark(state)
            return
        yield from objects(self._opened(place), str(self._folder))
        yield Mark(state, whole=not cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        try:
            git = self._git or self._opened(self._place())
        except TrapstreetError as error:
            raise OSError(str(error)) from error
        return opened(git, ref.handle, start, end)

    def close(self) -> None:
        if self._git:
            self._git.close()
        self._git = None

    def _place(self) -> Path:
        """The folder that holds the objects."""
        shown = printable(str(self._folder))
        for place in (self._folder / ".git", self._folder):
            try:
                if (place / "objects").is_dir() and (place / "HEAD").exists():
                    return place / "objects"
            except PermissionError as error:
                raise AccessDenied(f"{shown}: permission denied", hint="ask for read access") from error
        if (self._folder / ".git").is_file():
            raise UnusableInput(
                f"{shown} is a work tree of a repository elsewhere", hint="give that repository itself"
            )
        raise Unreachable(f"{shown} holds no Git repository", hint="check the path")

    def _opened(self, place: Path) -> Git:
        self.close()
        git = Git({})
        try:
            form = _form(git, place.parent / "config")
            shallow = place.parent / "shallow"
            git.borrow(place, shallow=shallow.read_bytes() if shallow.is_file() else b"", form=form)
        except (Failed, OSError) as error:
            git.close()
            raise Unreachable(
                f"{printable(str(self._folder))} cannot be read as a Git repository",
                hint="see git fsck there",
            ) from error
        self._git = git
        return git


def _form(git: Git, config: Path) -> str:
    """What a repository's ids are: sha1 or sha256."""
    try:
        said = git.said("config", "--file", str(config.resolve()), "extensions.objectFormat")
    except Failed:  # it does not say, or has no such file
        return "sha1"
    return "sha256" if said.strip().lower() == b"sha256" else "sha1"


def _state(place: Path) -> str:
    """Another text when objects have come or gone; "" where that cannot be told."""
    if (place / "info" / "alternates").exists():
        return ""
    try:
        folders = sorted(each for each in place.iterdir() if each.is_dir())
        times = [f"{each.name} {each.stat().st_mtime_ns}" for each in folders]
    except OSError:
        return ""
    return hashlib.sha256("\n".join(times).encode(errors="surrogateescape")).hexdigest()
