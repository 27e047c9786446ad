"""RTF documents of many embedded objects."""

import time

from taken_apart import source
from trapstreet.plugins import formats


def seconds(objects: int) -> float:
    data = b"{\\rtf1 " + b"{\\*\\objdata 41}" * objects + b"}"
    start = time.process_time()
    for part in formats.read(source(data)):
        for _ in getattr(part, "chunks", ()):
            pass
        break  # the text: by then all objects are noted
    return time.process_time() - start


def test_many_objects_take_linear_time() -> None:
    assert seconds(40_000) < 12 * max(0.02, seconds(5_000))
