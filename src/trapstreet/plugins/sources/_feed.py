"""The entries of a feed: RSS of any version, RDF, and Atom (RFC 4287).

Its writer may be hostile: no entity is replaced but the characters that HTML names, and nothing is fetched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.entities import html5
from xml.parsers import expat

from trapstreet.plugins.sources._times import instant

_ENTRIES = ("item", "entry")
_FEEDS = ("rss", "RDF", "feed")
_LEADS = ("link", "enclosure", "content", "thumbnail")
_ELSEWHERE = ("self", "edit", "replies", "hub", "license", "via", "next", "previous", "first", "last")
_TIMES = ("updated", "modified", "pubDate", "published", "date", "issued")
_MOST_LINKS = 20
_DEEPEST = 200


class NoFeed(Exception):
    """It is none, or ends being one; the message says where, and quotes nothing."""


@dataclass(slots=True)
class Entry:
    """One entry as its feed has it.

    id     what its feed tells it by; "" where it has none
    links  addresses that it leads to, as they are written
    text   everything else it says, a line for each element
    dates  as they are written;  updated  the last of them in Unix seconds, None where none is known
    """

    id: str = ""
    links: list[str] = field(default_factory=list)
    text: str = ""
    dates: str = ""
    updated: float | None = None


class Reader:
    """Takes a feed apart. `entries` are those that were complete."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._path: list[str] = []
        self._entry: Entry | None = None
        self._said: list[str] = []
        self._lines: list[str] = []
        self._permanent = True
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._said.append
        parser.EntityDeclHandler = self._refuse
        parser.SkippedEntityHandler = self._character
        parser.ExternalEntityRefHandler = lambda *_: 1
        parser.UseForeignDTD(True)  # else &nbsp; and its like would end the feed

    def read(self, data: bytes) -> None:
        """Raises NoFeed; what came before it is in `entries`."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise NoFeed(f"is no well-formed XML from line {error.lineno}") from error
        except (LookupError, ValueError) as error:
            raise NoFeed("is in no encoding that is known") from error

    def _refuse(self, *_: object) -> None:
        raise NoFeed("declares entities, which feeds do not need and attackers do")

    def _character(self, name: str, parameter: bool) -> None:
        if not parameter:
            self._said.append(html5.get(f"{name};", ""))

    def _begin(self, name: str, given: Mapping[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._path and local not in _FEEDS:
            raise NoFeed("is no feed")
        self._path.append(local)
        if len(self._path) > _DEEPEST:
            raise NoFeed(f"nests elements more than {_DEEPEST} deep")
        if self._entry is None:
            if local in _ENTRIES:
                self._entry, self._lines = Entry(), []
            self._said.clear()
            return
        self._line()
        leads = given.get("href") or given.get("url") or given.get("src")
        if local in _LEADS and leads and given.get("rel", "alternate") not in _ELSEWHERE:
            self._link(leads)
        self._permanent = given.get("isPermaLink", "true").strip().lower() == "true"

    def _end(self, name: str) -> None:
        self._path.pop()
        entry, local = self._entry, name.rpartition(" ")[2]
        if entry is None:
            self._said.clear()
            return
        said = "".join(self._said).strip()
        if local == "link" and said:
            self._link(said)
        elif local == "guid" and said and not entry.id:
            entry.id = said
            if self._permanent and "://" in said:
                self._link(said)
        elif local == "id" and not entry.id:
            entry.id = said
        elif local in _TIMES:
            entry.dates, when = f"{entry.dates} {said}", instant(said)
            entry.updated = max(entry.updated or 0.0, when) if when is not None else entry.updated
        else:
            self._line()
        self._said.clear()
        if local in _ENTRIES and not any(each in _ENTRIES for each in self._path):
            entry.text = "\n".join(self._lines)
            self.entries.append(entry)
            self._entry = None

    def _line(self) -> None:
        said = "".join(self._said).strip()
        self._said.clear()
        if said:
            self._lines.append(said)

    def _link(self, address: str) -> None:
        entry = self._entry
        if entry and address not in entry.links and len(entry.links) < _MOST_LINKS:
            entry.links.append(address)
