"""Users and groups that only tests have, and what the kernel says of them."""

import grp
import os
import pwd
import random
import struct
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

USERS = range(60_001, 60_013)
GROUPS = range(61_001, 61_007)
_ACL = struct.Struct("<HHI")


class Crowd:
    """Users and groups that only a test has, and a folder that they may go into."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root = root
        self.groups = {uid: rng.sample(GROUPS, rng.randrange(4)) for uid in USERS}
        self.own = {uid: rng.choice(GROUPS) for uid in USERS}

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the system list them."""
        users = [
            SimpleNamespace(pw_name=f"u{uid}", pw_uid=uid, pw_gid=self.own[uid], pw_shell="/bin/sh")
            for uid in USERS
        ]
        users.insert(0, SimpleNamespace(pw_name="root", pw_uid=0, pw_gid=0, pw_shell="/bin/sh"))
        groups = [SimpleNamespace(gr_name=f"g{gid}", gr_gid=gid, gr_mem=[]) for gid in GROUPS]
        monkeypatch.setattr(pwd, "getpwall", lambda: users)
        monkeypatch.setattr(grp, "getgrall", lambda: groups)
        monkeypatch.setattr(
            os, "getgrouplist", lambda name, gid: [gid, *self.groups.get(int(name[1:] or 0), ())]
            if name != "root" else [0],
        )  # fmt: skip

    def can_read(self, uid: int, paths: Sequence[Path]) -> list[bool]:
        """What the kernel says of each."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups(self.groups[uid])
                os.setgid(self.own[uid])
                os.setuid(uid)
                os.write(writer, bytes(map(opens, paths)))
            finally:
                os._exit(0)
        os.close(writer)
        told = [bool(each) for each in os.read(reader, len(paths))]
        os.waitpid(child, 0)
        os.close(reader)
        assert len(told) == len(paths)
        return told


def opens(path: Path) -> bool:
    """Whether this process may read a file."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except PermissionError:
        return False
    return True


def acl(
    rng: random.Random, mode: int, *, users: Sequence[int] = USERS, groups: Sequence[int] = GROUPS
) -> bytes:
    """An access control list with named users and groups, and a mask that often takes something away."""
    entries = [(0x01, mode >> 6 & 7, 0xFFFFFFFF)]
    entries += [(0x02, rng.randrange(8), uid) for uid in sorted(rng.sample(users, rng.randrange(1, 4)))]
    entries += [(0x04, mode >> 3 & 7, 0xFFFFFFFF)]
    entries += [(0x08, rng.randrange(8), gid) for gid in sorted(rng.sample(groups, rng.randrange(3)))]
    entries += [(0x10, rng.choice((7, 7, 5, 4, 3, 0)), 0xFFFFFFFF), (0x20, mode & 7, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(_ACL.pack(*each) for each in entries)
