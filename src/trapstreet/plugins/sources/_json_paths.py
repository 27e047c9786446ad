"""Where something is in an answer of JSON: "data.pastes", "user.id", "files.0"; and addresses made of it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_PLACE = re.compile(r"\{([^{}]*)\}")


def at(value: Any, path: str) -> Any:
    """What is at a path; None where nothing is. "" is the value itself."""
    for key in path.split(".") if path else ():
        match value:
            case dict():
                value = value.get(key)
            case list() if key.isascii() and key.isdigit() and int(key[:9]) < len(value):
                value = value[int(key[:9])]
            case _:
                return None
    return value


def text_at(value: Any, path: str) -> str | None:
    """A text, number or truth value as text; None for what is none of them."""
    found = at(value, path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | float) else None


def filled(template: str, known: Mapping[str, str], value: Any = None) -> str | None:
    """An address with its {places} filled: by what is known, or else by what is there in the value.

    What is filled in stays one piece of the address, whatever it holds. None where something is missing.
    """
    pieces, last = [], 0
    for place in _PLACE.finditer(template):
        text = known.get(place[1])
        text = text_at(value, place[1]) if text is None else text
        if text is None:
            return None
        piece = quote(text, safe="", errors="replace")
        pieces += [template[last : place.start()], piece if text.strip(".") else piece.replace(".", "%2E")]
        last = place.end()
    return "".join([*pieces, template[last:]])


def places(template: str) -> list[str]:
    """What a template wants to be filled with."""
    return [place[1] for place in _PLACE.finditer(template)]
