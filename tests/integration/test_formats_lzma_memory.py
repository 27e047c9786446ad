"""A member of a ZIP archive that says it needs 4 GB of memory."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

from trapstreet.plugins import formats

READ = """
import resource, sys
sys.path[:0] = sys.argv[1:]
from taken_apart import read, source
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
texts, unread = read(source(sys.stdin.buffer.read(), "d"))
print(sorted(texts), [each.why for each in unread])
"""


def test_it_is_listed_where_there_is_less() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", b"maria@example.com")
    data = bytearray(out.getvalue())
    struct.pack_into("<I", data, data.find(b"a.csv") + 5 + 5, 0xFFFFFFFF)
    paths = str(Path(formats.__file__).parents[3]), str(Path(__file__).parents[1])
    said = subprocess.run(
        [sys.executable, "-c", READ, *paths], input=data, capture_output=True, check=True
    ).stdout
    assert said == b"['d!/a.csv'] ['unpacking it needs too much memory']\n"
