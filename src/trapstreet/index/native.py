"""The compiled kernel of the matcher: found, checked and loaded, or a reason why it is not there."""

import ctypes
import os
from functools import cache
from pathlib import Path

ABI = 4
"""What ts_abi() of kernel.c answers: both change when a function or struct of the kernel does."""

OVERRIDE = "TRAPSTREET_KERNEL"
"""Environment variable: another build of the library, for developers."""

BUILDS = ("_kernel-avx512.so", "_kernel-avx2.so", "_kernel.so")
"""The libraries that the package may hold, each for processors that have what it needs; quickest first."""


def load() -> ctypes.CDLL | None:
    """The kernel's functions, which run without Python's lock; None where the kernel cannot be used."""
    return _kernel()[0]


def why_not() -> str:
    """Why the kernel cannot be used, as the end of a sentence; "" if it can."""
    return _kernel()[1]


def remark() -> str:
    """The sentence for users where the matcher does without the kernel; "" where it has it."""
    return f"The matcher runs in plain Python, tens of times slower: {why_not()}." if why_not() else ""


def name() -> str:
    """The file of the library that is used; "" where none can be."""
    library = load()
    return Path(library._name).name if library else ""


@cache
def _kernel() -> tuple[ctypes.CDLL | None, str]:
    override = os.environ.get(OVERRIDE)
    places = [Path(override)] if override else [Path(__file__).with_name(name) for name in BUILDS]
    library, why = None, ""
    for path in places:
        library, why = loaded(path)
        if library:
            break
    return library, why


def loaded(path: Path) -> tuple[ctypes.CDLL | None, str]:
    """The library at `path`, or why it cannot be used."""
    if not path.is_file():
        return None, "no working C compiler was there when trapstreet was installed"
    try:
        library = ctypes.CDLL(str(path.absolute()))
        library.ts_abi.restype = ctypes.c_uint32
        abi, supported = library.ts_abi(), library.ts_supported()
    except (OSError, AttributeError):
        return None, "its compiled part does not load on this machine; install trapstreet again"
    if abi != ABI:
        return None, "its compiled part is of another version; install trapstreet again"
    if not supported:
        return None, "its compiled part is for a newer processor than this one"
    return library, ""
