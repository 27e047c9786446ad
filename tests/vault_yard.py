"""Files of a real Samba with rights for tests of access maps: chosen, and made up at random."""

import os
import random
from secrets import token_hex

from trapstreet.access import EffectiveAccess
from trapstreet.core.model.rights import Level, numbers_in
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins.permissions import smb
from vault import (
    ALIASES,
    ALLOW,
    CHANGE,
    DENY,
    FULL,
    GROUPS,
    READ,
    USERS,
    Ace,
    Setting,
    Vault,
    descriptor,
    reads,
)

ASKING = [*USERS[:-1], "root", ""]
"""Who can log in; the last is the guest."""
GUEST = "guest"
DANGLING = "S-1-5-21-111-222-333-1107"
OWNER_RIGHTS, CREATOR, INTERACTIVE = "S-1-3-4", "S-1-3-0", "S-1-5-4"
ONLY_BELOW, INHERITED = 0x0B, 0x10


class Yard:
    """A folder of a share, in which each file lies in a folder of its own."""

    def __init__(self, server: Vault, root: Setting, share: str = "files") -> None:
        self._root = root
        self.server, self.share, self.name = server, share, token_hex(4)
        self.url = f"{server.url}/{share}/{self.name}"
        self.place = server.folder / share / self.name
        self.place.mkdir()
        self.place.chmod(0o777)
        self.names: list[str] = []

    def put(
        self, name: str, owner: str, entries: list[Ace] | None, *, folder: list[Ace] | None = None
    ) -> None:
        """A file with these rights, in a folder that lets everybody through unless it is said."""
        place = self.place / name
        place.mkdir()
        place.chmod(0o777)
        (place / "x").write_text("x")
        (place / "x").chmod(0o666)
        everybody = [(ALLOW, 3, FULL, "S-1-1-0")]
        path = f"{self.name}/{name}"
        self._root.rights(self.share, path, descriptor(self.server.sids["root"], folder or everybody))
        self._root.rights(self.share, f"{path}/x", descriptor(owner, entries))
        self.names.append(name)

    def put_many(self, folder: str, names: list[str], entries: list[Ace], *, owner: str = "root") -> None:
        """Files of one folder with the same rights."""
        place = self.place / folder
        place.mkdir(exist_ok=True)
        for name in names:
            (place / name).write_text("x")
            rights = descriptor(self.server.sids[owner], entries)
            self._root.rights(self.share, f"{self.name}/{folder}/{name}", rights)

    def access(self) -> EffectiveAccess:
        return EffectiveAccess(smb.rights(self.url))

    def readers(self, access: EffectiveAccess, name: str) -> tuple[set[str], set[str]]:
        """Who can read a file at once by the map: surely, and perhaps."""
        (number,) = (n for n, each in enumerate(access.rights.resources) if each.path[0].endswith(f"/{name}"))
        surely = perhaps = 0
        for door in access.doors_of(number):
            now = access.levels(door)[Level.AT_ONCE] & access.people
            surely, perhaps = (surely | now, perhaps) if door.sure else (surely, perhaps | now)
        names = [each.name for each in access.rights.principals]
        return {names[n] for n in numbers_in(surely)}, {names[n] for n in numbers_in(perhaps & ~surely)}

    def opened(self, name: str, session: SmbSession) -> bool:
        return reads(session, self.share, f"{self.name}/{name}/x")


def differing(yard: Yard, sessions: dict[str, SmbSession]) -> list[tuple[str, str, bool]]:
    """Files and users of whom the map says something else than the server."""
    access, found = yard.access(), []
    for name in yard.names:
        surely, perhaps = yard.readers(access, name)
        for user, session in sessions.items():
            opens = yard.opened(name, session)
            if opens != (user in surely) and user not in perhaps:
                found.append((name, user, opens))
    return found


def some_entries(rng: random.Random, server: Vault) -> list[Ace]:
    whom = [server.sids[each] for each in (*USERS, *GROUPS, *ALIASES, "Everyone", "Authenticated Users")]
    whom += [OWNER_RIGHTS, CREATOR, INTERACTIVE, DANGLING]
    return [
        (
            rng.choice((ALLOW, ALLOW, DENY)),
            rng.choice((0, 0, 0, INHERITED, ONLY_BELOW)),
            rng.choice((READ, READ, CHANGE, FULL, 0x1, 0x2, 0x120088)),
            rng.choice(whom),
        )
        for _ in range(rng.randrange(7))
    ]


def fill(yard: Yard, rng: random.Random, count: int) -> None:
    """Files of random owners with random lists, a fifth of them in folders that not everybody may enter."""
    for n in range(count):
        folder = some_entries(rng, yard.server) if rng.random() < 0.2 else None
        owner = yard.server.sids[rng.choice((*USERS, *GROUPS))]
        yard.put(f"d{n}", owner, some_entries(rng, yard.server), folder=folder)


def fill_with_modes(yard: Yard, rng: random.Random, count: int) -> None:
    """Files of random owners, groups and modes, a fifth of them in folders that not everybody may enter."""
    groups = [72_000, 72_001, 72_002, 72_999, 71_000]
    for n in range(count):
        place = yard.place / f"m{n}"
        place.mkdir()
        (place / "x").write_text("x")
        for path, mode in ((place / "x", rng.randrange(0o1000)), (place, 0o755)):
            os.chown(path, 70_000 + rng.randrange(len(USERS)), rng.choice(groups))
            path.chmod(mode if rng.random() < 0.8 else rng.choice((0o750, 0o700, 0o644)))
        yard.names.append(place.name)
