"""The hash of a long text is worked out only where somebody asks, and is right however it comes about."""

import hashlib
import io

import pytest
import zstandard

from formats_containers import tarred
from trapstreet.core.model.objects import SourceObject
from trapstreet.plugins import formats
from trapstreet.plugins.formats._digest import LONG

LONG_TEXTS = {f"{n}.log": b"%d: nothing to see here, move on\n" % n * (LONG // 20) for n in range(3)}
ARCHIVE = zstandard.compress(tarred(LONG_TEXTS))


class Opened:
    """An object that counts how often it was opened; what it holds may change meanwhile."""

    def __init__(self, *contents: bytes, known: bool = True) -> None:
        self.contents, self.times = contents, 0
        self.object = SourceObject("here", "leak", len(contents[0]) if known else None, self._open)

    def _open(self) -> io.BytesIO:
        self.times += 1
        return io.BytesIO(self.contents[min(self.times, len(self.contents)) - 1])


def hashes(opened: Opened, *, asked: bool = True, early: bool = False) -> dict[str, str]:
    found = {}
    for text in formats.read(opened.object):
        assert isinstance(text, formats.Text)
        if early:
            text.will_tell()
        for _ in text.chunks:
            pass
        if asked:
            found[text.path] = text.sha256
    return found


RIGHT = {f"leak!/leak!/{name}": hashlib.sha256(text).hexdigest() for name, text in LONG_TEXTS.items()}


def test_an_object_is_read_again_once_for_the_hashes_of_all_its_long_texts():
    opened = Opened(ARCHIVE)
    assert hashes(opened) == RIGHT
    assert opened.times == 2


def test_a_text_that_nobody_asks_about_is_read_once():
    opened = Opened(ARCHIVE)
    hashes(opened, asked=False)
    assert opened.times == 1


def test_who_says_early_that_he_will_ask_has_it_read_once():
    opened = Opened(ARCHIVE)
    assert hashes(opened, early=True) == RIGHT
    assert opened.times == 1


def test_what_can_be_read_only_once_is_hashed_as_it_comes():
    opened = Opened(ARCHIVE, b"", known=False)
    assert hashes(opened) == RIGHT
    assert opened.times == 1


@pytest.mark.parametrize("then", [b"", b"other\n", LONG_TEXTS["0.log"] + b"more\n"])
def test_what_is_another_text_by_now_gives_no_hash(then):
    opened = Opened(LONG_TEXTS["0.log"], then)
    assert hashes(opened) == {"leak": ""}
