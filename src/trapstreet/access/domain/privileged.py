"""What opens more than one thing: being a superuser, membership of groups that read everything."""

from collections.abc import Iterator
from dataclasses import dataclass

from trapstreet.access.domain.reached import Side
from trapstreet.core.model.rights import Bits, How

GROUPS = {
    **dict.fromkeys(("pg_read_all_data", "pg_execute_server_program", "pg_read_server_files"), True),
    **dict.fromkeys(("pg_write_all_data", "pg_write_server_files", "pg_monitor", "pg_signal_backend"), False),
    **dict.fromkeys(("root", "sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow"), False),
    **dict.fromkeys(("Administrators", "Domain Admins", "Enterprise Admins", "Backup Operators"), False),
}
"""Groups that give more than what is granted to them, and whether that is to read everything."""

_NOTES = {
    "superuser": True,
    **dict.fromkeys(("passes row security", "makes roles", "may replicate", "SUPER"), False),
}
"""Notes on principals that say the same."""


@dataclass(frozen=True, slots=True)
class Privilege:
    """What some have; `reads_all`: they can read whatever there is."""

    what: str
    who: Bits
    reads_all: bool


def privileged(side: Side) -> Iterator[Privilege]:
    """Who has each privilege, or can come to have it."""
    noted: dict[str, Bits] = {}
    for number, each in enumerate(side.rights.principals):
        for word in _NOTES.keys() & {*each.note.split(", ")}:
            noted[word] = noted.get(word, 0) | 1 << number
        if each.name in GROUPS and not each.logs_in:
            noted[each.name] = noted.get(each.name, 0) | 1 << number
    everything = set()
    for door in side.everywhere:
        what = door.grants[-1].what.partition(":")[0]
        if door.sure and door.how in (How.GRANT, How.SUPERUSER):
            noted.setdefault(what, door.opens)
            everything |= {what} if door.how == How.GRANT else set()
    for what, who in noted.items():
        reads_all = what in everything or GROUPS.get(what) or _NOTES.get(what, False)
        yield Privilege(what, side.access.arriving(who) & side.people, reads_all)
