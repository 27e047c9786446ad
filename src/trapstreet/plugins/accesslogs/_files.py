"""Files in logs, named as maps of rights name them, and what was done to them."""

import posixpath
from functools import lru_cache

from trapstreet.core.model.access_events import Act

_READ_DATA, _WRITE_DATA = 0x1 | 0x20 | 0x92000000, 0x2 | 0x4 | 0x40000000
"""Bits of an access mask: reading or running; all there is, or may be had, is reading, too."""
_TOGETHER = 1_000_000
_MOST_KEPT = 100_000


def file_path(whole: str) -> tuple[str, ...]:
    """A file's folder and its name, by its whole path; () for a path that names none.

    `//`, `.` and `..` are taken out as they stand: no link is followed, nothing is looked up.
    """
    folder, name = posixpath.split(posixpath.normpath("/" + whole.lstrip("/")))
    return (folder, name) if name else ()


def share_path(share: str, whole: str, root: str = "") -> tuple[str, ...]:
    """A file of a share of a server: its folder, as smb://server/share/folder, and its name; () for none.

    share  smb://server/share; its own folder is (smb://server, share)
    root  the server's own folder that is shared: paths that are not in it name nothing
    """
    path, top = posixpath.normpath("/" + whole.lstrip("/")), _top(root)
    folder, name = posixpath.split(path)
    if not name or path == top:
        return () if top and not name else tuple(share.rsplit("/", 1))
    if top and not f"{folder}/".startswith(f"{top}/"):
        return ()
    inner = folder[len(top) :].strip("/")
    return (f"{share}/{inner}" if inner else share, name)


@lru_cache(maxsize=4_096)
def _top(root: str) -> str:
    return posixpath.normpath(f"/{root.strip('/')}").rstrip("/")


def act_of(mask: int) -> Act | None:
    """What a client of a share opened a file for, by the access mask; None: not for its data."""
    if mask & _WRITE_DATA:
        return Act.WRITE
    return Act.READ if mask & _READ_DATA else None


def shown(text: str) -> str:
    """A text that is no path, without what is no UTF-8 in it: U+FFFD stands there."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _odd(text) else text


def _odd(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)


class Repeats:
    """A client does several things to read one file: within a second that is one use."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, tuple[str, ...], Act], int] = {}

    def is_new(self, time: int, who: str, client: str, path: tuple[str, ...], act: Act) -> bool:
        """Whether this has not been done just before.  time  Unix microseconds"""
        if len(self._last) > _MOST_KEPT:
            self._last.clear()
        what = who, client, path, act
        before = self._last.get(what)
        self._last[what] = time
        return before is None or not 0 <= time - before <= _TOGETHER
