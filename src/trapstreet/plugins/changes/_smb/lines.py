"""What stands on shares as lines, in which every right is, and what a line is about, in a few words."""

import re
from hashlib import sha256

from trapstreet.plugins.changes._smb.things import Thing

_LINE = re.compile(
    r"(?P<what>.*?)(?: \([0-9a-f]{32}\))? (?:S-[-0-9]+)? (?:D:\S*|[0-9a-f]{32}|not told)", re.DOTALL
)
_OF_SHARE = re.compile(r"(?P<what>the share's own list|accounts and groups): .*")


def line_of(thing: Thing) -> str:
    """A list that is a thing's own."""
    rights = thing.rights.text if thing.rights else digest(thing.told) if thing.told else "not told"
    what = thing.path or "/"
    if thing.names:
        names = digest("/".join(sorted(thing.names)).encode("utf-8", "surrogatepass"))
        what += f": {thing.names[0]}" if len(thing.names) == 1 else f": {len(thing.names):,} files ({names})"
    return f"{what} {thing.owner} {rights}"


def lines_of_share(told: bytes | None, people: object) -> tuple[str, str]:
    """The share's own list, and who there is, in digests."""
    own = digest(told) if told is not None else "not told"
    return f"the share's own list: {own}", f"accounts and groups: {digest(repr(people).encode())}"


def about(line: str) -> str:
    """The folder or file that a line is about."""
    found = _OF_SHARE.fullmatch(line) or _LINE.fullmatch(line)
    return found["what"] if found else line


def digest(told: bytes) -> str:
    """What differs where something else was told."""
    return sha256(told).hexdigest()[:32]
