"""Runs inside the sanitized process: texts full of clues, whose places must be those of plain Python.

attack_clues.py SEED SECONDS FOLDER      (started by sanitized.py)
"""

import ctypes
import sys
import time
from random import Random

from sanitized import FIRST_CHECK

from clue_texts import clue_texts
from trapstreet.plugins import decoders
from trapstreet.plugins.decoders import _native, _reference, _seeking


def main(seed: int, seconds: float) -> None:
    """Until the time is up; raises where the two differ; a sanitizer ends the process where it objects."""
    require_sanitized()
    end = time.monotonic() + seconds
    clues = tuple(each.clue for each in decoders._decoders())
    random = Random(seed)
    texts = found = size = 0
    for text in clue_texts(random):
        _seeking._ROOM = random.choice((1, 5, 1 << 13))
        places = _seeking.Search(clues).places(text)
        if places != [_reference.places(text, clue) for clue in clues]:
            raise AssertionError(f"other places in {text!r}")
        texts, found, size = texts + 1, found + sum(map(len, places)), size + len(text)
        if time.monotonic() > end:
            break
    print(f"seed {seed}: {texts:,} texts, {size:,} bytes, {found:,} places: no difference and no complaint")
    if found < texts:
        sys.exit("too few places: what is done with one was not tried")


def require_sanitized() -> None:
    """Ends the process unless the library in it is the one with the sanitizers."""
    library = _native.load()
    if library is None:
        sys.exit("no library: was it built?")
    if not hasattr(library, FIRST_CHECK) or not hasattr(ctypes.CDLL(None), FIRST_CHECK):
        sys.exit("the library that was loaded is not the sanitized one")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
