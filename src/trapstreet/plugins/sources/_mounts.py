"""What is mounted on this machine, and where, as Linux tells it; nothing on other systems."""

import os
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TABLE = "/proc/self/mountinfo"

_MOST = 100
_LOOKED_AT = 10.0
_WITHOUT_OWNERS = re.compile(r"cifs|smb3|smbfs|v?fat|msdos|exfat|ntfs.*|fuse.*|9p|hfs|udf|iso9660")


class Mount(NamedTuple):
    """device: as os.stat has it;  kind: of file system, like "nfs4";  source: what is mounted"""

    point: str
    device: int
    kind: str
    source: str


def mounts() -> Sequence[Mount]:
    """Everything that is mounted; of several at one point the last, which one sees, comes last."""
    try:
        with open(TABLE, "rb", buffering=0) as file:  # noqa: PTH123 - as fast as it goes
            return _parsed(file.read())
    except OSError:
        return ()


@lru_cache(maxsize=4)
def _parsed(table: bytes) -> Sequence[Mount]:
    return tuple(found for line in table.splitlines() if (found := _mount(os.fsdecode(line))))


def missing(points: Sequence[str]) -> set[str]:
    """Those where nothing is mounted now."""
    there = {each.point for each in mounts()}
    return {each for each in points if each not in there and not Path(each).is_mount()}


def needed(location: str) -> Sequence[str]:
    """Where something has to be mounted so that all is there that lies at a location now: the nearest mount
    point above it, and disks and shares below it, a hundred at most."""
    top = os.path.realpath(location)
    every = mounts()
    above = [each.point for each in every if each.point != "/" and _holds(each.point, top)]
    below = {each.point for each in every if _is_of_a_disk(each) and _holds(top, each.point)}
    return [*({max(above, key=len)} if above else ()), *sorted(below - {*above})][:_MOST]


def without_owners() -> frozenset[int]:
    """The devices whose files have owners and rights that were made up here: those of Windows, mostly."""
    return _made_up(TABLE, int(time.monotonic() / _LOOKED_AT))


@lru_cache(maxsize=4)
def _made_up(table: str, span: int) -> frozenset[int]:  # once in each span of time: it costs half a ms
    return frozenset(each.device for each in mounts() if _WITHOUT_OWNERS.fullmatch(each.kind))


def _mount(line: str) -> Mount | None:
    """A line: 36 35 98:0 /below /point rw,noatime shared:1 - ext4 /dev/sda1 rw"""
    before, _, behind = line.partition(" - ")
    fields, kind = before.split(" "), behind.split(" ")
    if len(fields) < 5 or len(kind) < 2:
        return None
    major, _, minor = fields[2].partition(":")
    if not major.isdigit() or not minor.isdigit():
        return None
    return Mount(_plain(fields[4]), os.makedev(int(major), int(minor)), kind[0], _plain(kind[1]))


def _plain(field: str) -> str:
    r"""Spaces, tabs, line breaks and backslashes stand there as \040 …"""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _is_of_a_disk(mount: Mount) -> bool:
    return ("/" in mount.source or ":" in mount.source) and mount.kind not in ("squashfs", "nsfs")
