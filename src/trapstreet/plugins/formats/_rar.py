"""RAR archives that libarchive cannot read as they are. In the child.

It deciphers nothing, ends in silence where a volume does, and stumbles over a comment: it is given the same
files as if they lay in an archive for themselves, deciphered.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from typing import BinaryIO

from trapstreet.plugins.formats import _libarchive as library
from trapstreet.plugins.formats import _rar4 as rar4
from trapstreet.plugins.formats import _rar5 as rar5
from trapstreet.plugins.formats._locked import locked
from trapstreet.plugins.formats._parsed import BLOCK, MEMBER, UNREAD
from trapstreet.plugins.formats._rar_file import VOLUMES, Contents, Crc32, File, Locked, Trying

_DAMAGED = "the archive is damaged or ends in the middle"
_EMPTY = "no file was found in it"

Opened = list[tuple[File, str]]
"""Files, each with its password, of which every one but the first follows on the one before."""


def parts(file: BinaryIO, passwords: Sequence[str]) -> Generator[object, None, bool]:
    """All files of the archive as parts, or why they are none; False, and no part, of an ordinary archive."""
    file.seek(0)
    kind = rar5 if file.read(len(rar5.SIGNATURE)) == rar5.SIGNATURE else rar4
    none = locked(len(passwords))
    try:
        found = yield from kind.contents(file, passwords, ordinary=False)
        if not (found.sealed or found.beside or found.files):
            return False
        found = yield from kind.contents(file, passwords)
    except Locked as sealed:
        yield [UNREAD, "", str(sealed) or none]
        return True
    words = list(passwords)
    for run in _runs(found.files):
        opened, why = yield from _opened(file, found, run, words)
        yield from _sent(file, found, opened)
        for each in run[len(opened) :]:
            yield [UNREAD, f"!/{each.name}", why or none]
    if found.damaged or not found.files:
        yield [UNREAD, "", _DAMAGED if found.damaged else _EMPTY]
    return True


def _runs(files: list[File]) -> Iterator[list[File]]:
    """Files that are packed together."""
    run = list[File]()
    for each in files:
        if run and not each.follows:
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _opened(file: BinaryIO, found: Contents, run: list[File], words: list[str]) -> Trying[tuple[Opened, str]]:
    """The first files of the run, as far as they can be opened; why the next one is not, "" if for want of a
    password.

    words  passwords; the one that fitted comes first afterwards: most often it does again
    """
    opened: Opened = []
    for each in run:
        password: str | None = ""
        if each.lock and not each.why:
            password = yield from _password(file, found, opened, each, words)
            if password is not None:
                words.remove(password)
                words.insert(0, password)
        if each.why or password is None:
            return opened, each.why or _untellable(file, each, words)
        opened.append((each, password))
    return opened, ""


def _password(
    file: BinaryIO, found: Contents, before: Opened, each: File, words: list[str]
) -> Trying[str | None]:
    """The one that fits."""
    for word in words:
        yield b""
        fits = each.lock.fits(word) if each.lock else True
        if fits is None and any(other.lock for other, _ in before):
            return word  # which opened that one, as it comes first
        if fits or (fits is None and (yield from _unpacks(file, found, [*before, (each, word)]))):
            return word
    return None


def _untellable(file: BinaryIO, each: File, words: list[str]) -> str:
    """Why it is not known which password is the right one; "" if it is known that none of these is."""
    cut = each.start + each.packed > file.seek(0, os.SEEK_END)
    return _DAMAGED if cut and each.lock and words and each.lock.fits(words[0]) is None else ""


def _unpacks(file: BinaryIO, found: Contents, opened: Opened) -> Trying[bool]:
    unpacked = 0
    for part in _sent(file, found, opened):
        if isinstance(part, bytes):
            unpacked += len(part)
        elif isinstance(part, list) and part[0] == UNREAD:
            return False
        lock = opened[-1][0].lock
        if lock and lock.told_by(unpacked):
            return True
        yield b""
    return True


def _sent(file: BinaryIO, found: Contents, opened: Opened) -> Iterator[object]:
    """The files as parts."""
    done, why, places = 0, _DAMAGED, [f"!/{each.name}" for each, _ in opened]
    entries = library.entries(_archive(file, found, opened), found.formats)
    try:
        for (each, password), entry in zip(opened, entries, strict=False):
            places[done], digest = f"!/{entry.name}", each.lock.digest() if each.lock else Crc32()
            yield [MEMBER, places[done], b""]
            for block in entry.blocks():
                digest.update(block)
                yield block
            if each.partial:
                yield [UNREAD, places[done], VOLUMES]
            elif each.lock and not each.lock.is_right(password, digest.digest()):
                yield [UNREAD, places[done], "damaged: its checksum is another"]
            done += 1
    except library.Broken as broken:
        why = str(broken)
    for (each, _), place in zip(opened[done:], places[done:], strict=True):
        yield [UNREAD, place, VOLUMES if each.partial else why]


def _archive(file: BinaryIO, found: Contents, opened: Opened) -> Generator[bytes]:
    """The archive that these files would make if they were not encrypted."""
    yield found.begin_solid if len(opened) > 1 else found.begin
    for each, password in opened:
        kept = each.lock.length(password, file, each.start, each.packed) if each.lock else each.packed
        decipher = each.lock.decipher(password) if each.lock else None
        yield each.header(kept)
        at, left = each.start, each.packed
        while left and kept:
            file.seek(at)
            block = file.read(min(BLOCK, left))
            if not block:
                return
            at, left = at + len(block), left - len(block)
            plain = decipher.update(block) if decipher else block
            yield plain[:kept]
            kept -= len(plain[:kept])
    yield found.end
