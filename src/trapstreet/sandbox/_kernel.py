"""Calls of the system for which Python 3.11 has no function."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def call(name: str, *values: int | bytes | None) -> int:
    """What a function of the C library returns. Raises OSError."""
    return _checked(getattr(_libc, name)(*map(_word, values)))


def system_call(*values: int | bytes | None) -> int:
    """What a system call returns, given its number and its arguments. Raises OSError."""
    return _checked(_libc.syscall(*map(_word, values)))


def _word(value: int | bytes | None) -> ctypes.c_long | bytes | None:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
