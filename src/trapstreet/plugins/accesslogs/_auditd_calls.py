"""System calls that use files by their names, as the Linux audit log has them: by number or by name."""

from typing import NamedTuple

from trapstreet.core.model.access_events import Act

_AT_WORK_FOLDER = ("ffffff9c", "ffffffffffffff9c")
"""AT_FDCWD, as an argument is logged."""


class Call(NamedTuple):
    """What a call does.

    act      what its files are used for
    flags    which argument says whether to read or to write instead, from 0; None: none does
    folders  which arguments are descriptors of the folders that names begin in
    """

    act: Act
    flags: int | None = None
    folders: tuple[int, ...] = ()

    def done(self, arguments: tuple[str, ...]) -> Act:
        """What was done, by the arguments in hexadecimal."""
        return self.act if self.flags is None else opened(int(arguments[self.flags], 16))

    def is_from_folder(self, arguments: tuple[str, ...]) -> bool:
        """Whether names that are not whole begin in another folder than the one that was worked in."""
        return any(arguments[each] not in _AT_WORK_FOLDER for each in self.folders)


def opened(flags: int) -> Act:
    """What a file is opened for, by the flags of open(2)."""
    return Act.WRITE if flags & 3 else Act.READ


_CALLS = {
    "open": Call(Act.READ, 1),
    "openat": Call(Act.READ, 2, (0,)),
    "openat2": Call(Act.READ, None, (0,)),  # its flags are in a record of their own
    "execve": Call(Act.READ),
    "execveat": Call(Act.READ, None, (0,)),
    "chdir": Call(Act.READ),
    "creat": Call(Act.WRITE),
    "truncate": Call(Act.WRITE),
    "truncate64": Call(Act.WRITE),
    "rename": Call(Act.WRITE),
    "renameat": Call(Act.WRITE, None, (0, 2)),
    "renameat2": Call(Act.WRITE, None, (0, 2)),
    "link": Call(Act.WRITE),
    "linkat": Call(Act.WRITE, None, (0, 2)),
    "symlink": Call(Act.WRITE),
    "symlinkat": Call(Act.WRITE, None, (1,)),
    "unlink": Call(Act.WRITE),
    "unlinkat": Call(Act.WRITE, None, (0,)),
    "mkdir": Call(Act.WRITE),
    "mkdirat": Call(Act.WRITE, None, (0,)),
    "rmdir": Call(Act.WRITE),
    "mknod": Call(Act.WRITE),
    "mknodat": Call(Act.WRITE, None, (0,)),
}

_NUMBERS = {
    "c000003e": {  # x86_64
        "open": 2, "openat": 257, "openat2": 437, "execve": 59, "execveat": 322, "chdir": 80, "creat": 85,
        "truncate": 76, "rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265,
        "symlink": 88, "symlinkat": 266, "unlink": 87, "unlinkat": 263, "mkdir": 83, "mkdirat": 258,
        "rmdir": 84, "mknod": 133, "mknodat": 259,
    },
    "c00000b7": {  # aarch64
        "openat": 56, "openat2": 437, "execve": 221, "execveat": 281, "chdir": 49, "truncate": 45,
        "renameat": 38, "renameat2": 276, "linkat": 37, "symlinkat": 36, "unlinkat": 35, "mkdirat": 34,
        "mknodat": 33,
    },
    "40000003": {  # i386, which x86_64 runs, too
        "open": 5, "openat": 295, "openat2": 437, "execve": 11, "execveat": 358, "chdir": 12, "creat": 8,
        "truncate": 92, "truncate64": 193, "rename": 38, "renameat": 302, "renameat2": 353, "link": 9,
        "linkat": 303, "symlink": 83, "symlinkat": 304, "unlink": 10, "unlinkat": 301, "mkdir": 39,
        "mkdirat": 296, "rmdir": 40, "mknod": 14, "mknodat": 297,
    },
}  # fmt: skip
_BY_NUMBER = {
    (machine, str(number)): _CALLS[name]
    for machine, named in _NUMBERS.items()
    for name, number in named.items()
}


def is_told(machine: str, what: str) -> bool:
    """Whether it can be told what a call is.  machine, what  arch= and syscall= of its record"""
    return machine in _NUMBERS or not what.isdigit()


def call_of(machine: str, what: str) -> Call | None:
    """What a call does, by its number or name; None for one that uses no file by name."""
    return _BY_NUMBER.get((machine, what)) or _CALLS.get(what)
