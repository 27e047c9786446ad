"""How suppression remembers who a row is that shows no key: by a value of it, which forgetting must find."""

from collections.abc import Sequence

from trapstreet.core.model.table import Cell, cell_text
from trapstreet.core.ports import Keys


def told_key(data_set: str, keys: Keys) -> bytes:
    """The key of the hashes of such values, which are those of single cells (core.model.record_id)."""
    return keys.siphash_key("suppress", data_set)


def told_texts(cells: Sequence[Cell]) -> list[str]:
    """The values as they are hashed; an empty cell has none."""
    return [text.strip().lower() for text in map(cell_text, cells) if text]
