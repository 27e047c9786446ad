"""Trees of folders and files on a real Samba, whose rights are handed down as Windows does it."""

import random
from secrets import token_hex

from trapstreet.core.model.access_events import PastUse
from trapstreet.plugins._smb.descriptors import Entry, descriptor_of
from trapstreet.plugins._smb.lists import Rights, packed, rights_of
from trapstreet.plugins._smb.requests import CREATE, ONLY_FOLDER, READ_ATTRIBUTES
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins._smb.walk import Reader
from vault import ALLOW, CHANGE, DENY, FULL, READ, USERS, Ace, Setting, Vault, reads

BELOW = 3
"""Files and folders inherit it."""
WHOM = ("Everyone", "Authenticated Users", "g0", "g1", "g2", "a0", "a1", *USERS[:6])


class SmbWorld:
    """A folder of a share, made by root over SMB.

    files  paths below it
    """

    def __init__(self, server: Vault, root: Setting, share: str = "files") -> None:
        self.server, self.root, self.share, self.name = server, root, share, token_hex(4)
        self._reader = Reader(server.login("root"))
        self.url = f"{server.url}/{share}/{self.name}"
        self.files: list[str] = []
        self.folders: list[str] = [""]
        self.folder("", make=False)
        self.give("", (ALLOW, BELOW, FULL, server.sids["root"]))

    def close(self) -> None:
        self._reader.close()

    def path(self, inside: str) -> str:
        """In the share."""
        return "/".join(filter(None, (self.name, inside)))

    def shown(self, folder: str) -> str:
        """As maps and logs have it."""
        place = f"smb://127.0.0.1:{self.server.port}/{self.share}"
        return f"{place}/{self.path(folder)}"

    def folder(self, inside: str, *, make: bool = True) -> str:
        """A new folder, which inherits."""
        handle, _ = self.root._create(
            self.share, self.path(inside), READ_ATTRIBUTES, options=ONLY_FOLDER, disposition=CREATE
        )
        self.root.close_handle(self.share, handle)
        if make:
            self.folders.append(inside)
        return inside

    def file(self, inside: str) -> str:
        """A new file, which inherits."""
        self.root.write_new(self.share, self.path(inside), b"x")
        self.files.append(inside)
        return inside

    def give(self, inside: str, *entries: Ace, keeps: bool = False) -> None:
        """Make these the own entries of something; keeps: with those that it inherited, else with none."""
        there = rights_of(self.told(inside)) if keeps else None
        own = tuple(Entry(*each) for each in entries)
        rights = Rights(own, there.inherited if there else (), protected=not keeps, automatic=True)
        self.root.rights(self.share, self.path(inside), packed(rights))

    def told(self, inside: str) -> bytes:
        """A descriptor as the server tells it."""
        (found,) = self._reader.descriptors(self.share, [self.path(inside)])
        assert isinstance(found, bytes)
        return found

    def text(self, inside: str) -> str:
        """A list as SDDL."""
        rights = rights_of(self.told(inside))
        return rights.text if rights else repr(descriptor_of(self.told(inside)))

    def all(self) -> dict[str, str]:
        """Every list."""
        return {each: self.text(each) for each in (*self.folders, *self.files)}

    def opens(self, session: SmbSession, inside: str) -> bool:
        return reads(session, self.share, self.path(inside))

    def use(self, who: str, inside: str, times: int = 1) -> PastUse:
        folder, _, name = inside.rpartition("/")
        return PastUse(who, "", ((self.shown(folder), name),), "", "", (), times, 1_000_000, 2_000_000)

    def fill(self, rng: random.Random) -> None:
        """Folders in folders with files, which inherit; half have entries of their own, too, or alone."""
        self.give("", *some_entries(rng, self.server))
        for _ in range(8):
            above = rng.choice(self.folders[-3:])
            self._some_rights(rng, self.folder("/".join(filter(None, (above, f"d{len(self.folders)}")))))
        for number, folder in enumerate(self.folders):
            for n in range(rng.randrange(1, 4)):
                self._some_rights(rng, self.file("/".join(filter(None, (folder, f"f{number}{n}")))))

    def _some_rights(self, rng: random.Random, inside: str) -> None:
        flags = (0, BELOW) if inside in self.folders else (0,)
        if rng.random() < 0.5:
            self.give(inside, *some_entries(rng, self.server, flags), keeps=rng.random() < 0.7)


def some_entries(rng: random.Random, server: Vault, flags: tuple[int, ...] = (0, BELOW)) -> list[Ace]:
    """Own entries of a folder or file: root's, and some others', denials first."""
    sids = server.sids
    others: list[Ace] = [
        (
            rng.choice((ALLOW, ALLOW, ALLOW, DENY)),
            rng.choice(flags),
            rng.choice((READ, READ, READ, CHANGE, 0x120089)),
            sids[rng.choice(WHOM)],
        )
        for _ in range(rng.randrange(1, 5))
    ]
    root = (ALLOW, max(flags), FULL, sids["root"])
    return [*sorted(others, key=lambda each: -each[0]), root]
