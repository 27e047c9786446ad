"""The files in an object's containers as they lie there, for readers that want them whole."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import ModuleType
from typing import IO, cast
from weakref import finalize

from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import SourceObject, Unread, printable
from trapstreet.plugins.formats import Member, Text, _formats, _why
from trapstreet.plugins.formats._stream import Budget, Damaged, FormatError, LimitHit, Limits, Refused, Stream

_ROOMY = Limits(spool=Limits().unpacked)


@dataclass(frozen=True, slots=True)
class Inside:
    """A file in an object, until the next one is asked for.

    path  the object's path and the way in, as `formats.read` names it
    kind  the format it was recognised as: the name of its module
    """

    path: str
    kind: str
    _data: Stream

    def head(self, size: int) -> bytes:
        """Its first bytes."""
        return self._data.peek(size)

    def file(self) -> IO[bytes]:
        """All of it as a file without a name, which goes when nobody holds it any longer.

        Raises UnusableInput where it is damaged or too large, Unreachable where there is no room for it.
        """
        try:
            file = self._data.file()
            self._data.check()
            descriptor = os.dup(file.fileno())
        except (FormatError, OSError) as error:
            raise _in_our_words(self.path, error) from error
        file = os.fdopen(descriptor, "rb", closefd=False)
        finalize(file, os.close, descriptor)
        return file


def inside(
    obj: SourceObject, *, whole: Callable[[Inside], bool], limits: Limits = _ROOMY
) -> Iterator[Inside | Unread]:
    """The files in the object, or it itself, and what cannot be read of it.

    whole  says which containers are wanted as they lie there; all others are taken apart
    Raises nothing about the object, as `formats.read`.
    """
    budget = Budget(limits, obj.size)
    try:
        with obj.open() as file, closing(Stream.of_file(file, budget, obj.size)) as data:
            yield from _look(data, obj.path, whole, depth=0)
    except LimitHit as limit:
        yield Unread(obj.path, f"stopped after {limit}")
    except (Damaged, OSError) as error:
        yield Unread(obj.path, _why(error))


def _look(
    data: Stream, path: str, whole: Callable[[Inside], bool], *, depth: int
) -> Iterator[Inside | Unread]:
    deepest = data.budget.limits.depth
    for kind in _formats():
        data.restart()
        if not kind.recognises(data):
            continue
        name = cast(ModuleType, kind).__name__.rpartition(".")[2]
        data.restart()
        found = Inside(path, name, data)
        if not kind.container or whole(found):
            yield found
            return
        if depth == deepest:
            yield Unread(path, f"a {kind.title} nested deeper than {deepest} containers")
            return
        try:
            for part in kind.parts(data, path):
                yield from _part(part, whole, depth=depth)
            data.check()
            return
        except Refused as refusal:
            yield Unread(path, str(refusal))


def _part(
    part: Text | Member | Unread, whole: Callable[[Inside], bool], *, depth: int
) -> Iterator[Inside | Unread]:
    if isinstance(part, Unread):
        yield part
    elif isinstance(part, Text):
        for _ in part.chunks:  # of a mail, say: what is attached to it comes behind
            pass
    else:
        part.data.budget.member()
        try:
            yield from _look(part.data, part.path, whole, depth=depth + 1)
        except (Damaged, OSError) as error:
            yield Unread(part.path, _why(error))
        finally:
            part.data.close()


def _in_our_words(path: str, error: FormatError | OSError) -> TrapstreetError:
    where = printable(path)
    if isinstance(error, OSError):
        return Unreachable(f"{where}: no room to unpack it ({_why(error)})", hint="free some space")
    why = f"stopped after {error}" if isinstance(error, LimitHit) else str(error)
    return UnusableInput(f"{where}: {why}", hint="pack it again, or unpack it first")
