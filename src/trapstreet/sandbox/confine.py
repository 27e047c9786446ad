"""What takes a process's powers away beside Landlock and the refusal of calls: namespaces and limits.

Nothing here needs privileges; all is inherited. Source: user_namespaces(7), pid_namespaces(7), prctl(2).
"""

import resource
import struct
from collections.abc import Callable, Mapping

import msgspec

from trapstreet.sandbox._kernel import call

_NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = 0x08000000, 0x10000000, 0x20000000, 0x40000000
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITIES_V3 = 0x20080522


class Measures(msgspec.Struct, frozen=True, array_like=True):
    """What confines children on this machine, beside limits.

    landlock    its version, 0 for none
    namespaces  whether the network and the processes outside are out of sight
    filtered    whether system calls are refused
    """

    landlock: int
    namespaces: bool
    filtered: bool


def namespaces() -> bool:
    """Leaves the network, other users and, for what is forked from here on, all other processes behind.

    False where that is not allowed. The process must have one thread. As nobody inside it can make no file.
    """
    try:
        call("unshare", _NEW_USER | _NEW_NET | _NEW_IPC | _NEW_PID)
    except OSError:
        return False
    return True


def own_processes(home: int, fork: Callable[[], int]) -> int:
    """What `fork` returns; the child is the first process of a new namespace, which ends with it.

    home  an open file of the caller's own namespace of processes, to which the caller returns
    """
    call("unshare", _NEW_PID)
    pid = -1
    try:
        pid = fork()
    finally:
        if pid:
            call("setns", home, _NEW_PID)
    return pid


def powerless() -> None:
    """Gives up all capabilities, and to get any by running a program; nobody may look into this process."""
    call("prctl", _SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", _SET_DUMPABLE, 0, 0, 0, 0)
    call("capset", struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24))


def dies_with_its_parent(signal: int) -> None:
    """The kernel sends the signal when the thread ends that forked this process."""
    call("prctl", _SET_PDEATHSIG, signal, 0, 0, 0)


def limit(limits: Mapping[str, int]) -> None:
    """Sets limits, named as in the `resource` module; they cannot be raised again."""
    for name, value in limits.items():
        number = getattr(resource, name)
        _, ceiling = resource.getrlimit(number)
        hard = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        resource.setrlimit(number, (hard, hard))
