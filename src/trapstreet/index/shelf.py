"""Where the segments of a workspace lie."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from trapstreet.core.fields.kind import Column
from trapstreet.index.lookup import DataSetIndex
from trapstreet.index.segment import Segment


class Shelf:
    """A folder with one folder per data set; `scratch` is on the same file system and may be emptied at
    any time."""

    def __init__(self, folder: Path, *, scratch: Path) -> None:
        self._folder = folder
        self.scratch = scratch

    def version(self, data_set: str, number: int) -> Path:
        """The file of a version's segment."""
        return self._of(data_set) / f"version-{number:06}.segment"

    def copy(self, data_set: str, copy: str) -> Path:
        """The file of a copy's decoys."""
        return self._of(data_set) / f"copy-{copy}.segment"

    def open(
        self,
        data_set: str,
        *,
        name: str,
        epoch: int,
        columns: Sequence[Column],
        versions: int,
        copies: Iterable[str],
    ) -> DataSetIndex:
        """A data set's index. Raises UnusableInput where a segment is missing, damaged or another's."""
        numbers = range(1, versions + 1)
        return DataSetIndex(
            data_set=data_set,
            name=name,
            epoch=epoch,
            columns=tuple(columns),
            versions=tuple(
                _segment(self.version(data_set, number), data_set, f"version:{number}") for number in numbers
            ),
            copies={copy: _segment(self.copy(data_set, copy), data_set, f"copy:{copy}") for copy in copies},
        )

    def _of(self, data_set: str) -> Path:
        return self._folder / data_set


def _segment(path: Path, data_set: str, owner: str) -> Segment:
    segment = Segment(path)
    if (segment.header.data_set, segment.header.owner) != (data_set, owner):
        raise segment.damaged("it belongs to another data set, version or copy")
    return segment
