"""What WebDAV servers answer to PROPFIND (RFC 4918, 14), read as it comes: no document types, no entities."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

_DEEP = 32
_TEXT = 1 << 16
_OK = 200


@dataclass(slots=True)
class Resource:
    """One answer. names: of its path, from the server's root, unquoted; status: 0 where it has none."""

    names: tuple[str, ...] = ()
    folder: bool = False
    status: int = 0
    properties: dict[str, str] = field(default_factory=dict)


class NotDav(ValueError):
    """It is not what WebDAV servers answer."""


def resources(blocks: Iterable[bytes]) -> Iterator[Resource]:
    """The answers in a body, as they come. Raises NotDav, and what reading the body raises."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for block in blocks:
            parser.Parse(block, False)
            yield from reader.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise NotDav("it is no XML") from error
    if not reader.is_multistatus:
        raise NotDav("it is no list of resources")
    yield from reader.taken()


def names_of(path: str) -> tuple[str, ...]:
    """The names in a quoted path; a quoted slash is part of one. Some servers give a whole URL."""
    if "://" in path.partition("?")[0]:
        path = urlsplit(path).path
    return tuple(unquote(name, errors="surrogateescape") for name in path.split("/") if name)


class _Reader:
    """Takes elements as expat meets them. A property counts where its propstat says 200."""

    def __init__(self) -> None:
        self.is_multistatus = False
        self._done: list[Resource] = []
        self._open: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._now = Resource()
        self._part: dict[str, str] = {}
        self._part_status, self._folder = _OK, False

    def taken(self) -> list[Resource]:
        done, self._done = self._done, []
        return done

    def begin(self, name: str, _: object) -> None:
        if len(self._open) >= _DEEP:
            raise NotDav("it is nested too deep")
        name = name.removeprefix("DAV: ")
        if not self._open:
            self.is_multistatus = name == "multistatus"
        self._open.append(name)
        self._pieces, self._length = [], 0
        if name == "response":
            self._now = Resource()
        elif name == "propstat":
            self._part, self._part_status, self._folder = {}, _OK, False
        elif name == "collection" and self._open[-2:-1] == ["resourcetype"]:
            self._folder = True

    def text(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > _TEXT:
            raise NotDav("it has a text that does not end")
        self._pieces.append(piece)

    def end(self, _: str) -> None:
        name, above = self._open.pop(), self._open[-1] if self._open else ""
        text, self._pieces, self._length = "".join(self._pieces).strip(), [], 0
        match above, name:
            case "multistatus", "response":
                self._done.append(self._now)
            case "response", "href":
                self._now.names = names_of(text)
            case "response", "status":
                self._now.status = _status(text)
            case "propstat", "status":
                self._part_status = _status(text)
            case "response", "propstat" if self._part_status == _OK:
                self._now.properties |= self._part
                self._now.folder = self._now.folder or self._folder
            case "prop", _:
                self._part[name] = text


def _status(line: str) -> int:
    found = re.match(r"HTTP/\S+ (\d{3})", line)
    return int(found[1]) if found else 0


def _refuse(*_: object) -> None:
    raise NotDav("it has a document type, which no such answer needs")
