"""Test vectors, read out of the decision records, so that page and code cannot part."""

import json
from pathlib import Path
from typing import Any

_PAGES = Path(__file__).parents[1] / "docs" / "adr"


def vectors(number: str) -> Any:
    """The JSON block under `## Vectors` of a record."""
    (page,) = _PAGES.glob(f"{number}-*.md")
    _, _, after = page.read_text().partition("## Vectors")
    block = after.partition("```json")[2].partition("```")[0]
    return json.loads(block)
