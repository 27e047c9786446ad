"""What the capabilities ask of the outside, as protocols; adapters are built in app/."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, Protocol, runtime_checkable

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.ground import GroundTable, Removed
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.model.table import Batch, Row


class Table(Protocol):
    """A table that can be read as often as one likes, a batch at a time. `label` is safe to print."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def label(self) -> str: ...
    def batches(self, size: int = ...) -> Iterator[Batch]: ...


class Ground(Protocol):
    """A table in which rows can be planted, and the tables that refer to it, parents before children.

    label    where it lies, safe to print
    remarks  in plain words, what its owner should know before rows are planted
    Errors are those of `plugins.tables.open_ground`.
    """

    @property
    def label(self) -> str: ...
    @property
    def tables(self) -> tuple[GroundTable, ...]: ...
    @property
    def remarks(self) -> tuple[str, ...]: ...

    def table(self, number: int) -> Table:
        """One of the tables, to be read."""
        ...

    def kin(self, number: int, keys: Sequence[Row]) -> Iterator[Batch]:
        """The rows of a table whose reference is among these."""
        ...

    def having(self, number: int, wanted: Mapping[tuple[int, ...], Sequence[Row]]) -> Iterator[Batch]:
        """The rows of a table whose cells at any of these positions are among those given for them, each
        once; a NULL is among none. One pass over a file."""
        ...

    def plant(
        self, rows: Sequence[Sequence[Row]], *, written: Callable[[list[list[Row]]], None] | None = None
    ) -> list[list[Row]]:
        """Add rows to each table, all or none; the rows as they are stored then, in the same order.

        written  told of these rows when all are written and none is lasting yet: whatever it raises, nothing
                 is planted. After it only the connection can fail, and the error says that nobody knows
        """
        ...

    def find(self, number: int, keys: Sequence[Row]) -> list[Row | None]:
        """The rows of a table that have these keys, as they are stored now; None where there is none."""
        ...

    def remove(self, rows: Sequence[Sequence[Row]]) -> Removed:
        """Take planted rows out of each table, given as they were stored, all or none."""
        ...

    def grants(self, role: str) -> list[str]:
        """The statements that give a role what planting and removing needs, and nothing else."""
        ...

    def change_script(self, rows: Sequence[Sequence[Row]]) -> str:
        """A script that plants the rows in one transaction, for somebody who may."""
        ...

    def removal_script(self, rows: Sequence[Sequence[Row]]) -> str:
        """A script that removes the rows, as they were stored, without trapstreet."""
        ...


class Keys(Protocol):
    """The SipHash keys that an index is made with (docs/adr/0001-keys-and-kit.md)."""

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes: ...
    def record_key(self, data_set: str) -> bytes: ...
    def siphash_key(self, purpose: str, *ids: str | int) -> bytes: ...


class Progress(Protocol):
    """Told how much is done; `None` as total means that nobody knows how much there is.

    watched  False where nobody sees it: what only progress wants to know need not be found out
    """

    @property
    def watched(self) -> bool: ...
    def __call__(self, done: int, total: int | None = None) -> None: ...


class Trail(Protocol):
    """Where in a text stand bytes that were decoded, and how they were encoded; known of what was read last.

    since  places before this one are forgotten
    """

    @property
    def since(self) -> int: ...

    def spans(self) -> Sequence[tuple[int, int]]:
        """The places of what was decoded, [start, end), ascending."""
        ...

    def is_plain(self, place: int, value: bytes) -> bool:
        """Whether the value that was read there also stands unencoded nearby."""
        ...

    def way_in(self, place: int, value: bytes) -> str:
        """The encodings of the value that was read there, the outermost first, "!" between; "" if unknown."""
        ...


class Text(Protocol):
    """Text found at a source, as UTF-8 in chunks, to be read once; `sha256` is known when all of it was
    read. A long text is read again for it unless `will_tell` said before that it will be asked for.

    trail  of what is decoded in the chunks, as far as they were read; None where nothing is
    """

    @property
    def source(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def chunks(self) -> Iterator[bytes]: ...
    @property
    def sha256(self) -> str: ...
    def will_tell(self) -> None: ...
    @property
    def trail(self) -> Trail | None: ...


class Source(Protocol):
    """Somewhere that objects lie: used by one thread at a time, and closed at last.

    Errors of a listing are TrapstreetError: it could not go on, and a later one from the last Mark may. What
    could not be looked at, a folder or an object, is Unread, and the listing goes on.
    """

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """What is there in a stable order, or what is new since the cursor of a Mark; "" begins.

        A Mark comes wherever a later listing could go on, at least at the end. Nothing is opened. Memory does
        not grow with the number of objects.
        """
        ...

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        """The bytes [start, end) of an object, to be read once; seekable where `start` and `end` are not
        given and the source is a file.

        Raises OSError, here or when it is read, where it is gone, has changed since it was listed, ends
        before its length, or does not come in time.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class WritableSource(Source, Protocol):
    """A source in which a control record can be put, where one may write. Paths are relative to its location;
    nothing makes the folders that they name."""

    def put(self, path: str, content: bytes) -> str:
        """A new object, and its path as a listing names it; raises FileExistsError where there is one, and
        OSError."""
        ...

    def remove(self, path: str) -> None:
        """Take out an object that was put there; raises OSError."""
        ...
