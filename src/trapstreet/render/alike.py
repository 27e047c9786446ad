"""Rights on files and folders, those together that people think of as one: there may be thousands."""

import posixpath
from collections.abc import Callable, Iterable, Sequence

from trapstreet.core.model.changes import PUBLIC, Change
from trapstreet.core.model.rights import FILES
from trapstreet.core.model.words import counted

_NAMED = 3
"""Folders that are named."""


def taken_together(changes: Sequence[Change], *, most: int) -> list[str]:
    """What is taken away, in words that are not safe to print; of folders and files that of one group in one
    folder is one line, or where these are more than `most`, in a folder further up. Others' come first, and
    folders before files."""
    files = [each for each in changes if each.is_of_files]
    found = [each.says for each in changes if not each.is_of_files]
    if not files:
        return found
    top = folder_above(each.on[0] for each in files)
    wheres: tuple[_Where, ...] = (
        lambda each: each.on[0] if each.kind == FILES else _above(each),
        _above,
        lambda each: each.on[0].removeprefix(top).strip("/").partition("/")[0],
        lambda _: "",
    )
    for where in wheres:
        together = _together(files, where)
        if len(together) <= most:
            break
    return found + [some[0].says if len(some) == 1 else _says(some) for some in together]


_Where = Callable[[Change], str]


def _together(changes: Sequence[Change], where: _Where) -> list[list[Change]]:
    together: dict[tuple[str, tuple[str, ...], str, str], list[Change]] = {}
    for each in changes:
        together.setdefault((each.of, each.to, each.kind, where(each)), []).append(each)
    return sorted(
        together.values(), key=lambda some: (some[0].of != PUBLIC, some[0].kind == FILES, -len(some))
    )


def _above(change: Change) -> str:
    return change.on[0].rpartition("/")[0]


def _says(changes: Sequence[Change]) -> str:
    """What is taken away from one group, of several files, or of several folders."""
    first = changes[0]
    holder = "others" if first.of == PUBLIC else first.of
    instead = f", but {', '.join(first.to)} may" if first.to else ""
    folders = [*dict.fromkeys(each.on[0] for each in changes)]
    above = folder_above(folders)
    where = f"{counted(len(folders), 'folder')} in {above} ({_named(folders, above)})"
    if first.kind == FILES:
        where = f"{len(changes):,} sets of files in {above if len(folders) == 1 else where}"
    right = "read" if first.kind == FILES else first.right
    return f"{holder} may no longer {right} {where}{instead}"


def _named(folders: Sequence[str], above: str) -> str:
    names = sorted(each.removeprefix(above).strip("/") or "." for each in folders)
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def folder_above(folders: Iterable[str]) -> str:
    """The folder that all of some are in, or are: paths, or URLs of one server."""
    paths = [*folders]
    scheme, mark, _ = paths[0].partition("://")
    before = scheme + mark if mark else ""
    return before + posixpath.commonpath([each.removeprefix(before) for each in paths])
