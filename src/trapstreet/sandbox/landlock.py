"""Which files a process may still open, by Landlock: it confines itself, and needs no privileges for it.

Source: landlock(7), linux/landlock.h; the numbers of the calls are the same on all processors.
"""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from trapstreet.sandbox._kernel import system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_BELOW_PATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many there are, by version; 16 from 5 on
_TCP = 0b11  # to bind and to connect, from version 4 on
_SCOPES = 0b11  # abstract sockets and signals, from version 6 on
_SYSTEM = """
/usr /lib /lib32 /lib64 /bin /sbin /nix/store /etc/ld.so.cache /etc/fonts /etc/localtime
/sys/devices/system/cpu /dev/zero /dev/urandom /dev/random
"""


def version() -> int:
    """The version of Landlock that the kernel has, 0 for none."""
    try:
        return system_call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


class Ruleset:
    """What processes under Landlock may do: read and run what is below the paths added here.

    They write nothing but /dev/null, neither make TCP connections nor await them (version 4), signal nobody
    outside and reach no abstract socket (version 6), and see nobody's memory or environment (any version).
    """

    def __init__(self) -> None:
        found = version()
        files = (1 << _FILE_RIGHTS.get(found, 16)) - 1
        handled = struct.pack("=QQQ", files, _TCP * (found >= 4), _SCOPES * (found >= 6))
        self._fd = system_call(_CREATE_RULESET, handled, len(handled), 0)
        self._added = set[Path]()
        self.readable(map(Path, _SYSTEM.split()))
        self._add(Path("/dev/null"), _READ_FILE | _WRITE_FILE)

    def readable(self, paths: Iterable[Path]) -> None:
        """Adds files, and folders with all that is in them, where there are such."""
        for path in paths:
            if path not in self._added:
                self._added.add(path)
                self._add(path, _READ_FILE | _READ_DIR | _EXECUTE)

    def widened(self, paths: Iterable[Path]) -> "Ruleset":
        """A set with these paths, too, for this process and its children; this one is closed to them."""
        another = Ruleset()
        another.readable([*self._added, *paths])
        os.close(self._fd)
        return another

    def apply(self) -> None:
        """Confines this process for good; it must have no way to new privileges any more."""
        system_call(_RESTRICT_SELF, self._fd, 0)
        os.close(self._fd)

    def _add(self, path: Path, rights: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # what is not there need not be allowed
        try:
            allowed = rights if path.is_dir() else rights & ~_READ_DIR
            system_call(_ADD_RULE, self._fd, _BELOW_PATH, struct.pack("=Qi", allowed, place), 0)
        finally:
            os.close(place)
