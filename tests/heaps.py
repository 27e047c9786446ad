"""Folders of small texts, some of which show records of ours."""

from collections.abc import Sequence
from pathlib import Path


def heap(place: Path, rows: Sequence[str], *, folders: int, files: int, every: int) -> None:
    """So many files in each folder, numbered on; each has foreign telephone numbers, every so many-th eight
    of the rows."""
    for number in range(folders * files):
        folder = place / f"{number // files}"
        folder.mkdir(parents=True, exist_ok=True)
        shown = rows[number : 8 + number] if number % every == 0 else []
        (folder / f"{number}.txt").write_text(f"call 087 55{number:04}\n" * 50 + "".join(shown))
