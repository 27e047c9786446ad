"""Changes of lists of rights as a script for Windows: icacls, which hands down what it changes."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from trapstreet.core.model.changes import Step
from trapstreet.core.model.words import printable
from trapstreet.plugins._smb.descriptors import FOLDERS, OBJECTS, ONLY_BELOW, Entry
from trapstreet.plugins._smb.lists import NOT_FURTHER, specific
from trapstreet.plugins.changes._smb.changes import Part, part_of

_FLAGS = ((OBJECTS, "(OI)"), (FOLDERS, "(CI)"), (NOT_FURTHER, "(NP)"), (ONLY_BELOW, "(IO)"))
_RIGHTS = (
    (0x1, "RD"), (0x8, "REA"), (0x20, "X"), (0x80, "RA"), (0x20000, "RC"), (0x100000, "S"),
)  # fmt: skip
_IN_SHORT = {0x120089: "(R)", 0x1200A9: "(RX)"}


def script(head: Sequence[str], steps: Sequence[Step]) -> str:
    """One line a change of a list; the first that fails ends it. The first lines are comments."""
    lines = ["@echo off", *(f"rem {_plain(each)}" for each in head)]
    lines += ["setlocal DisableDelayedExpansion", "chcp 65001 >nul"]
    for each in steps:
        lines.append(f"rem {_plain(each.says)}")
        parts = map(part_of, each.statements)
        for path, some in groupby(parts, key=lambda part: part[1]):
            lines += _lines(path, [part for part, _ in some])
    return "\r\n".join([*lines, "rem nothing to do" if not steps else "exit /b 0", ""])


def _lines(path: str, parts: Sequence[Part]) -> Iterator[str]:
    """What is done to one list: first what is given, then whose entries are taken away."""
    quoted = f'icacls "{path.replace("%", "%%")}" /q'
    for each in parts:
        if each.gives:
            yield f"{quoted} /grant *{each.entry.who}:{_entry(each.entry)} || exit /b 1"
    for who in dict.fromkeys(each.entry.who for each in parts if not each.gives):
        yield f"{quoted} /remove:g *{who} || exit /b 1"


def _entry(entry: Entry) -> str:
    flags = "".join(text for flag, text in _FLAGS if entry.flags & flag)
    rights = specific(entry.rights)
    return flags + (
        _IN_SHORT.get(rights) or f"({','.join(text for right, text in _RIGHTS if rights & right)})"
    )


def _plain(text: str) -> str:
    """Words in a comment, none of which means anything to the shell."""
    return "".join(each if each.isalnum() or each in " /\\:.,;@_-()'" else "_" for each in printable(text))
