"""Lines of a shell by which the rights of paths are changed: a command, and the paths in quotes."""

import re
from collections.abc import Iterator, Sequence

from trapstreet.core.model.changes import Step
from trapstreet.core.model.words import printable
from trapstreet.plugins.changes._posix.turns import Turn, turn_of

_MOST_NAMES, _MOST_CHARACTERS = 200, 60_000
"""Of one line: a system takes no more than some 128,000 bytes in one."""
_PATH = re.compile(r"'((?:[^']|'\\'')*)'")
_NEVER_A_LINK = """\
no_links() {
    for each in "$@"; do
        if [ -L "$each" ]; then echo "$each: now a link; nothing more was changed" >&2; exit 1; fi
    done
}
chmod() { no_links "$@"; command chmod "$@"; }
setfacl() { no_links "$@"; command setfacl "$@"; }
"""


def lines(turn: Turn, paths: Sequence[str]) -> Iterator[str]:
    """What makes a turn on some paths: one line, or more where there are many."""
    some: list[str] = []
    size = 0
    for path in paths:
        quoted = "'" + path.replace("'", "'\\''") + "'"
        if some and (len(some) >= _MOST_NAMES or size + len(quoted) > _MOST_CHARACTERS):
            yield f"{turn.text} -- {' '.join(some)}"
            some, size = [], 0
        some.append(quoted)
        size += len(quoted) + 1
    if some:
        yield f"{turn.text} -- {' '.join(some)}"


def read(line: str) -> tuple[Turn, list[str]]:
    """What a line does, and to which paths. Raises ValueError for a line that is none of these."""
    command, _, quoted = line.partition(" -- ")
    return turn_of(command), [each.replace("'\\''", "'") for each in _PATH.findall(quoted)]


def script(head: Sequence[str], steps: Sequence[Step]) -> str:
    """One command after the other; the first that fails ends it. The first lines are comments."""
    lines = ["#!/bin/sh", *(f"# {printable(each)}" for each in head), "set -eu", _NEVER_A_LINK]
    for each in steps:
        lines += [f"# {printable(each.says)}", *each.statements]
    return "\n".join([*lines, *(() if steps else ("# nothing to do",)), ""])
