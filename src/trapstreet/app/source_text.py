"""A text as it is searched: its bytes, what is encoded in them, and the files that are packed in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from trapstreet.app.stopping import Stop
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.decoders import decoded
from trapstreet.plugins.decoders._trail import Trail
from trapstreet.plugins.formats import Text, packed_in

_LEFT = (
    "holds files in base64 or the like that were not taken apart: over 4 GB, or there was no room for them"
)


@dataclass(slots=True)
class SourceText:
    """A text and the source it was found at; its chunks tell what is encoded in it, too, and end at a stop.

    size   of the bytes that were read, without what was decoded
    cut    whether the stop came before its end
    trail  of what was decoded
    """

    source: str
    text: Text
    stop: Stop = field(default_factory=Stop)
    size: int = 0
    cut: bool = False
    trail: Trail = field(default_factory=Trail)
    chunks: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.chunks = decoded(self._counted(), self.trail)

    @property
    def path(self) -> str:
        return self.text.path

    @property
    def sha256(self) -> str:
        return self.text.sha256

    def will_tell(self) -> None:
        """Its hash will be asked for."""
        self.text.will_tell()

    def _counted(self) -> Iterator[bytes]:
        for chunk in self.stop.until(self.text.chunks):
            self.size += len(chunk)
            yield chunk
        self.cut = self.stop.early


def searched(source: str, text: Text, stop: Stop | None = None) -> Iterator[SourceText | Unread]:
    """The text, and once it was read those in the files that stand encoded in it. Each must be read before
    the next is asked for."""
    whole = SourceText(source, text, stop or Stop())
    yield whole
    files = whole.trail.files
    if files is None:
        return
    try:
        for number, (encoding, blocks) in enumerate(files.each(), start=1):
            for part in packed_in(text, f"!{encoding}!/{number}", blocks):
                yield from [part] if isinstance(part, Unread) else searched(source, part, whole.stop)
        if files.full:
            yield Unread(text.path, _LEFT, partly=True)
    finally:
        files.close()
