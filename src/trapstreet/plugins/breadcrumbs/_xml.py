"""Places in an XML file, so that a piece can be put in and every other byte stays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from trapstreet.core.model.errors import UnusableInput

Path = tuple[str, ...]


@dataclass(slots=True)
class Element:
    """An element below the root: where its tag and its closing tag begin (the same for `<a/>`), in bytes.

    path        names from the root on, each "namespace local"
    attributes  by name, those with a namespace as "namespace local"
    """

    path: Path
    attributes: dict[str, str]
    start: int
    end: int = field(default=-1)

    @property
    def closes(self) -> bool:
        """Whether it has a closing tag of its own."""
        return self.end > self.start


def elements(data: bytes, wanted: Callable[[Path], bool], *, label: str) -> list[Element]:
    """The wanted elements, in the order in which they begin.

    Raises UnusableInput for what is no XML in UTF-8, and for XML with entities of its own.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[Element] = []
    path: list[str] = []
    open_: list[Element | None] = []

    def started(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        here = tuple(path)
        element = Element(here, attributes, parser.CurrentByteIndex) if wanted(here) else None
        open_.append(element)
        if element:
            found.append(element)

    def ended(_: str) -> None:
        path.pop()
        if element := open_.pop():
            element.end = parser.CurrentByteIndex

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            raise UnusableInput(f"{label} has parts that are not UTF-8", hint="save it anew")

    def refused(*_: object) -> None:
        raise UnusableInput(f"{label} has a part with entities of its own", hint="save it anew")

    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = declared, refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnusableInput(f"{label} has a part that is no XML", hint="save it anew") from error
    return found
