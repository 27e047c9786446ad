"""Listings in XML, read as they are: without entities of their own, and only so deep."""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote
from xml.parsers import expat

_DEEP = 16


class NotXml(Exception):
    """It is not what a listing is written in."""


def records(text: bytes, element: str) -> tuple[Iterator[Mapping[str, str]], Mapping[str, str]]:
    """The elements of a name as mappings of what stands in them to its text, and what stands beside them.

    What is nested deeper goes by its own name: of two that are called the same, the last counts.
    What is marked as Encoded (Azure's names that XML cannot hold) is decoded. Raises NotXml.
    """
    found: list[dict[str, str]] = []
    beside: dict[str, str] = {}
    here, encoded, open_, pieces = beside, False, list[str](), list[str]()

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal here, encoded
        open_.append(name)
        encoded = attributes.get("Encoded") == "true"
        if len(open_) > _DEEP:
            raise NotXml
        pieces.clear()
        if name == element:
            here = {}

    def end(name: str) -> None:
        nonlocal here
        open_.pop()
        if name == element:
            found.append(here)
            here = beside
        else:
            here[name] = unquote("".join(pieces)) if encoded else "".join(pieces)
        pieces.clear()

    def refuse(*_: object) -> None:
        raise NotXml

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = pieces.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError) as error:
        raise NotXml from error
    return iter(found), beside
