"""How far a listing is, as the cursors of sources hold it."""

from typing import TypeVar

import msgspec

_Stand = TypeVar("_Stand", bound=msgspec.Struct)


def stand_of(cursor: str, kind: type[_Stand]) -> _Stand:
    """What was written down as JSON; where there is nothing, or what is none, a listing begins."""
    try:
        return msgspec.json.decode(cursor or "{}", type=kind)
    except msgspec.MsgspecError:
        return kind()


def text_of(stand: msgspec.Struct) -> str:
    """The cursor that holds it."""
    return msgspec.json.encode(stand).decode()
