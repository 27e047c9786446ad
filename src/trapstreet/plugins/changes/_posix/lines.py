"""What a line of all rights is about, in a few words."""

import re

from trapstreet.plugins._posix_people import Listed

_LINE = re.compile(r"(folder|[0-9,]+ files?) ([0-9]+):([0-9]+) .([-A-Za-z]{9})( .*)?", re.DOTALL)
_OWN_LIST = re.compile(r" (?!comes: |linked\b|[0-9a-f]{64}\Z)")


def about(line: str, listed: Listed) -> str:
    """ "7 files anna:hr rw-rw----+": how many, by owner, group and mode, "+" where they have a list."""
    found = _LINE.fullmatch(line)
    if not found:
        return line
    what, uid, gid, mode, more = found.groups()
    owner = f"{listed.user_name(int(uid))}:{listed.group_name(int(gid))}"
    return f"{what} {owner} {mode}{'+' if _OWN_LIST.match(more or '') else ''}"
