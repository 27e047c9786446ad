"""From an object's bytes to UTF-8 text. One file per format; a file is found by its presence here.

A format is a module with
    title             what people call it
    rank              formats are asked in this order: the more it asks for, the lower
    container         True if its members are taken apart in turn
    begins            the bytes of which such an object begins with one, b"" if with any: else it is not asked
    recognises(data)  True if the bytes look like this format; looks at content, never at a name
    parts(data, path) yields texts, members and what cannot be read; raises Refused to leave the bytes to the
                      next format that recognises them
"""

import importlib
import io
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from typing import Protocol, cast

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._memory import keep_memory
from trapstreet.plugins.formats._stream import Budget, Damaged, FormatError, LimitHit, Limits, Refused, Stream


class Hash(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class Text:
    """Text found in an object.

    path    the object's path and the way in: "dump.zip!/a/b.csv", "list.xlsx!Sheet2"
    chunks  UTF-8 in pieces of about 256 KiB, no character cut in two; what is no text comes as its own bytes.
            They end where the bytes cannot be read any further: an Unread then follows.
    """

    path: str
    chunks: Iterator[bytes]
    hash: Hash
    _within: "tuple[Budget, int] | None" = field(default=None, repr=False)  # and in how many containers

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes that the path names (of a sheet: its workbook's), once the chunks are read."""
        return self.hash.hexdigest()

    def will_tell(self) -> None:
        """Its hash will be asked for: what is read from here on need not be read again for it."""
        if isinstance(self.hash, LateHash):
            self.hash.begin()


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes inside a container, to be taken apart in turn before the next part is asked for."""

    path: str
    data: Stream


class Format(Protocol):
    """A module of this folder."""

    title: str
    rank: int
    container: bool
    begins: bytes

    def recognises(self, data: Stream) -> bool: ...
    def parts(self, data: Stream, path: str) -> Iterator[Text | Member | Unread]: ...


_ORDINARY = Limits()


def read(
    obj: SourceObject, limits: Limits = _ORDINARY, *, passwords: tuple[Protected[str], ...] = ()
) -> Iterator[Text | Unread]:
    """Every text in the object, and everything in it that could not be read.

    passwords  are tried where something is encrypted
    A text is read before the next is asked for; what its reader leaves is skipped. Raises nothing about the
    object: a file that vanishes, a damaged archive, a bomb become an Unread, perhaps after good texts.
    Memory: some chunks, and up to 100 MB for the directory of a ZIP archive with 100,000 members.
    Cost, one core: UTF-8 0.7 to 1 GB/s, Latin-1 0.2, gzip and ZIP 0.1 unpacked, workbooks 4 MB/s of the file.
    """
    keep_memory()
    budget = Budget(limits, obj.size, passwords)
    if obj.size is not None:  # else it can be read only once
        budget.again = partial(_hash_again, partial(read, obj, limits, passwords=passwords))
    try:
        with obj.open() as file, closing(Stream.of_file(file, budget, obj.size)) as data:
            yield from _take_apart(data, obj.path, depth=0)
    except LimitHit as limit:
        yield Unread(obj.path, f"stopped after {limit}", partly=budget.given > 0)
    except (Damaged, OSError) as error:
        yield Unread(obj.path, _why(error), partly=budget.given > 0)


def _hash_again(
    reading: Callable[[], Iterator[Text | Unread]], budget: Budget, number: int, path: str, size: int
) -> str:
    """The hash of one of the object's texts, which is read once more; "" if it is not what it was.

    Those that follow are hashed as they come: an object is read twice at most.
    """
    budget.again = None
    texts = (each for each in reading() if isinstance(each, Text))
    with closing(texts):
        text = next(islice(texts, number, None), None)
        if text is None or text.path != path or not isinstance(text.hash, LateHash):
            return ""
        text.will_tell()
        for _ in text.chunks:
            pass
        return text.hash.hexdigest() if text.hash.size == size else ""


def is_plain(head: bytes) -> bool:
    """Whether what begins with these bytes, some thousand, can be read in pieces: a text, or what no format
    here takes apart (a video, a program)."""
    from trapstreet.plugins.formats import text

    with closing(Stream.of_file(io.BytesIO(head), Budget(_ORDINARY, len(head)), len(head))) as data:
        for kind in _asked()[data.peek(1)]:
            try:
                found = kind.recognises(data)
            except (FormatError, Damaged, Refused, OSError):
                return False
            if data.moved:
                data.restart()
            if found:
                return kind.rank == text.rank and text.reads_in_pieces(head)
    return False


def packed_in(text: Text, inner: str, blocks: Iterator[bytes]) -> Iterator[Text | Unread]:
    """The same of a file that stood encoded in a text that `read` gave: all of it counts as a member of the
    text's object.

    inner  what the text's path goes on with
    """
    if text._within is None or text._within[0].stopped:
        return
    budget, depth = text._within
    path = text.path + inner
    try:
        if depth >= budget.limits.depth:
            yield Unread(
                path, f"a file encoded in a text, nested deeper than {budget.limits.depth} containers"
            )
            budget.too_deep()
            return
        budget.member()
        with budget.aside(), closing(Stream(budget.unpack(blocks), budget)) as data:
            yield from _take_apart(data, path, depth=depth + 1)
    except LimitHit as limit:
        budget.stopped = True
        yield Unread(path, f"stopped after {limit}", partly=True)
    except (Damaged, OSError) as error:
        yield Unread(path, _why(error))


def _take_apart(data: Stream, path: str, *, depth: int) -> Iterator[Text | Unread]:
    deepest = data.budget.limits.depth
    told, before = False, data.budget.given
    for kind in _asked()[data.peek(1)]:
        if told and kind.container:
            continue
        try:
            if not kind.recognises(data):
                if data.moved:
                    data.restart()
                continue
            data.restart()
            if kind.container and depth == deepest:
                yield Unread(path, f"a {kind.title} nested deeper than {deepest} containers")
                data.budget.too_deep()
                told = True  # what is plain text in it is read
                continue
            empty = True  # what damage left nothing of is read by the next, as plain text in the end
            for part in _parts(kind, data, path, depth=depth):
                empty = False
                yield part
            if not empty:
                data.check()
                return
        except Refused as refusal:
            yield Unread(path, str(refusal), partly=refusal.partly or data.budget.given > before)
        except (FormatError, OSError, TrapstreetError):
            raise
        except Exception as bug:  # noqa: BLE001 - of ours, or of a library: one file ends no scan of a million
            yield Unread(
                path,
                f"a bug in what reads a {kind.title} ({type(bug).__name__}); read as plain text",
                partly=True,
            )
        data.restart()


def _parts(kind: Format, data: Stream, path: str, *, depth: int) -> Iterator[Text | Unread]:
    budget = data.budget
    shown = _Shown(path, budget)
    for part in kind.parts(data, path):
        if isinstance(part, Unread):
            yield shown.judged(part)
            continue
        shown.enter(part.path)
        if isinstance(part, Text):
            yield from _text(part, budget, depth)
        else:
            budget.member()
            try:
                yield from _take_apart(part.data, part.path, depth=depth + 1)
            except (Damaged, OSError) as error:
                yield shown.judged(Unread(part.path, _why(error)))
            finally:
                part.data.close()


class _Shown:
    """Whether text came out of a place before it was said that it could not be read."""

    def __init__(self, path: str, budget: Budget) -> None:
        self._budget = budget
        self._open = [(path, budget.given)]  # each lies in the one before

    def enter(self, path: str) -> None:
        """What follows comes out of this place."""
        self._leave_for(path)
        if path != self._open[-1][0]:
            self._open.append((path, self._budget.given))

    def judged(self, unread: Unread) -> Unread:
        """The same, marked if a part of it was read."""
        self._leave_for(unread.path)
        place, before = self._open[-1]
        if unread.partly or place != unread.path or self._budget.given == before:
            return unread
        return Unread(unread.path, unread.why, partly=True)

    def _leave_for(self, path: str) -> None:
        while len(self._open) > 1 and not path.startswith(self._open[-1][0]):
            self._open.pop()


def _text(text: Text, budget: Budget, depth: int) -> Iterator[Text]:
    """The text, its chunks ending early where they raise; the error comes once they are read."""
    text._within = budget, depth
    if budget.again and isinstance(text.hash, LateHash):
        text.hash.again = partial(budget.again, budget, budget.texts, text.path)
    budget.texts += 1
    errors: list[Exception] = []
    text.chunks = _until_error(text.chunks, errors, budget)
    yield text
    for _ in text.chunks:  # left over, but part of the hash
        pass
    if errors:
        raise errors[0]


def _until_error(chunks: Iterator[bytes], errors: list[Exception], budget: Budget) -> Iterator[bytes]:
    try:
        for chunk in chunks:
            if not chunk.isspace():
                budget.given += len(chunk)
            yield chunk
    except Exception as error:  # noqa: BLE001 - raised again once the chunks are read
        errors.append(error)


def _why(error: Damaged | OSError) -> str:
    if isinstance(error, OSError):
        return (error.strerror or "cannot be read").lower()
    return str(error)


@cache
def _formats() -> tuple[Format, ...]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    modules = [cast(Format, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return tuple(sorted(modules, key=lambda module: module.rank))


@cache
def _asked() -> Mapping[bytes, tuple[Format, ...]]:
    """By an object's first byte, of which an empty one has none: the formats that it may be of."""
    firsts = [b"", *(bytes([byte]) for byte in range(256))]
    return {
        first: tuple(kind for kind in _formats() if not kind.begins or (first and first in kind.begins))
        for first in firsts
    }
