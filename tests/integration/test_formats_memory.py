"""Memory does not grow with what an object holds: a line of 3 GB, a table of 100,000 columns, as they are and
packed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from isal import igzip

from trapstreet.plugins import formats

pytestmark = pytest.mark.slow

MB = 1 << 20
GROWN = 60
READ = """
import os, resource, sys
sys.path.insert(0, sys.argv[2])
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins import formats
path, file = sys.argv[1], lambda: open(sys.argv[1], "rb", buffering=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size, found = 0, 0
for each in formats.read(SourceObject(path, path, os.path.getsize(path), file)):
    assert not isinstance(each, Unread), each
    for chunk in each.chunks:
        size += len(chunk)
        found += chunk.count(b"maria.huber@example.com")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10, size, found)
"""


def one_line(out: IO[bytes]) -> int:
    """A record, 3 GB without a line break, a record."""
    filler = b"".join(b"nothing of ours %d ; " % (number * 7919) for number in range(MB // 25))
    out.write(b"maria.huber@example.com")
    for _ in range(3100):
        out.write(filler)
    out.write(b"maria.huber@example.com")
    return 2


def many_columns(out: IO[bytes]) -> int:
    """300 MB of rows with 100,000 columns each, a record in every row."""
    row = b",".join([b"x%d" % number for number in range(99_999)])
    for _ in range(450):
        out.write(row + b",maria.huber@example.com\n")
    return 450


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "in gzip"])
@pytest.mark.parametrize("write", [one_line, many_columns])
def test_memory_is_constant(write: Callable[[IO[bytes]], int], packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "heap"
    with igzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as out:
        expected = write(out)
        size = out.tell()
    command = [sys.executable, "-c", READ, str(path), str(Path(formats.__file__).parents[3])]
    grown, read, found = map(
        int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    )
    path.unlink()
    assert (read, found) == (size, expected)
    assert grown < GROWN
