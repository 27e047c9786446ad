"""What a search is made of: the workspace's indexes, the matcher, and the texts at a location."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.index import Lookup, Matcher, ReferenceMatcher, Shelf
from trapstreet.plugins.formats import Text, read
from trapstreet.plugins.sources import objects


@dataclass(slots=True)
class SourceText:
    """A text and the source it was found at; `size` counts the bytes as they are read."""

    source: str
    text: Text
    size: int = 0
    chunks: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.chunks = self._counted()

    @property
    def path(self) -> str:
        return self.text.path

    @property
    def sha256(self) -> str:
        return self.text.sha256

    def _counted(self) -> Iterator[bytes]:
        for chunk in self.text.chunks:
            self.size += len(chunk)
            yield chunk


def texts(locations: Sequence[str]) -> Iterator[SourceText | Unread]:
    """Every text at the locations. A location that cannot be reached raises before the first is read."""
    found = [objects(location) for location in locations]
    return (part for each in found for part in _read(each))


def _read(found: Iterator[SourceObject | Unread]) -> Iterator[SourceText | Unread]:
    for each in found:
        if isinstance(each, Unread):
            yield each
        else:
            for part in read(each):
                yield part if isinstance(part, Unread) else SourceText(each.source, part)


def shelf_of(workspace: Workspace) -> Shelf:
    """Where the workspace's segments lie."""
    return Shelf(workspace.index, scratch=workspace.tmp)


def matcher_of(workspace: Workspace) -> tuple[Lookup, Matcher]:
    """All data sets of the workspace, and the matcher that finds them."""
    from trapstreet.store import catalogue

    lookup = Lookup(catalogue.all_indexes(shelf_of(workspace)))
    return lookup, ReferenceMatcher(lookup, workspace.ring.fingerprint_key)
