"""What the capabilities ask of the outside, as protocols; adapters are built in app/."""

from collections.abc import Iterator
from typing import Protocol

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.table import Batch


class Table(Protocol):
    """A table that can be read as often as one likes, a batch at a time. `label` is safe to print."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def label(self) -> str: ...
    def batches(self, size: int = ...) -> Iterator[Batch]: ...


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


class Text(Protocol):
    """Text found at a source, as UTF-8 in chunks, to be read once; `sha256` is known when all of it was
    read."""

    @property
    def source(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def chunks(self) -> Iterator[bytes]: ...
    @property
    def sha256(self) -> str: ...
