"""PowerPoint presentations since 2007: slides, notes, comments, charts."""

from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _office
from trapstreet.plugins.formats._stream import Stream

title = "presentation"
rank = 10
container = True
begins = b"P"


def recognises(data: Stream) -> bool:
    return _office.holds(data, "[Content_Types].xml", "ppt/presentation")


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    return _office.document(data, path, _office.OOXML, first="ppt/slides/slide", read=_is_xml)


def _is_xml(name: str) -> bool:
    return name.endswith((".xml", ".rels")) and not name.startswith("customXml/")
