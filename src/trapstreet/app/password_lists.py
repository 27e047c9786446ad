"""Lists of passwords, or of their hashes, that lie in a file.

A list of hashes is one line a hash, hexadecimal, in their order, with or without `:COUNT` after it: NTLM (32
digits) or SHA-1 (40), as those who collect leaked passwords hand them out. It may be larger than the memory.
"""

import itertools
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trapstreet.core.model.accounts import Form
from trapstreet.core.model.errors import AccessDenied, UnusableInput

BATCH = 65_536
_HEAD, _SAMPLES, _LONGEST_LINE = 100, 500, 200
_HASH = re.compile(rb"([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})(?::\d+)?")
_FORMS = {32: Form.NTLM, 40: Form.LDAP_SHA1}


class PasswordList:
    """An opened list.

    form  what its hashes are of; None: it holds passwords
    """

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data = data
        head = [line for line in itertools.islice(_lines(data), _HEAD) if line]
        widths = {len(found[1]) if (found := _HASH.fullmatch(line)) else 0 for line in head}
        self.form = _FORMS.get(widths.pop()) if len(widths) == 1 else None
        if self.form is not None and not self._in_order():
            raise UnusableInput(
                f"the hashes in {path} are not in their order", hint="take the list that is ordered by hash"
            )

    def batches(self) -> Iterator[list[bytes]]:
        """Its passwords, without empty ones."""
        lines = (line for line in _lines(self._data) if line)
        while batch := list(itertools.islice(lines, BATCH)):
            yield batch

    def holds(self, digest: bytes) -> bool:
        """Whether a hash is in it. Some 40 reads of the file, however large it is."""
        wanted = digest.hex().upper().encode()
        low, high = 0, len(self._data)
        while low < high:
            start, end = self._line_at((low + high) // 2)
            here = self._data[start : min(end, start + len(wanted))].upper()
            if here == wanted:
                return True
            if here < wanted:
                low = end + 1
            else:
                high = start
        return False

    def _line_at(self, at: int) -> tuple[int, int]:
        """Where the line begins and ends that has a byte."""
        start = self._data.rfind(b"\n", max(0, at - _LONGEST_LINE), at) + 1 or max(0, at - _LONGEST_LINE)
        end = self._data.find(b"\n", at, at + _LONGEST_LINE)
        return start, end if end >= 0 else min(len(self._data), at + _LONGEST_LINE)

    def _in_order(self) -> bool:
        step = max(1, len(self._data) // _SAMPLES)
        starts = dict.fromkeys(self._line_at(at)[0] for at in range(0, len(self._data), step))
        seen = [self._data[each : each + 32].upper() for each in starts]
        return all(before <= after for before, after in itertools.pairwise(seen))


@contextmanager
def password_list(path: Path) -> Iterator[PasswordList]:
    """A list of passwords or hashes. Raises UnusableInput and AccessDenied."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise UnusableInput(f"{path} is empty", hint="give a list of passwords, one a line")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                yield PasswordList(data, path)
    except PermissionError:
        raise AccessDenied(f"not allowed to read {path}", hint="run as somebody who may") from None
    except OSError as error:
        raise UnusableInput(
            f"{path} cannot be read: {(error.strerror or 'no file').lower()}", hint="give a file"
        ) from error


def _lines(data: mmap.mmap) -> Iterator[bytes]:
    data.seek(0)
    for line in iter(data.readline, b""):
        yield line.rstrip(b"\r\n")
