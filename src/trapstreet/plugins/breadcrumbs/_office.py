"""Office documents that are ZIP files of XML parts (ECMA-376): a picture or a link that leads elsewhere.

Nothing is written anew but the parts that change, and of these only the place where something is put in, so
that properties, styles, pictures and the manner of the program that wrote the file stay as they are.
"""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from posixpath import basename, dirname, normpath
from typing import NamedTuple

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, _template, _web, _xml, http_token
from trapstreet.plugins.breadcrumbs._options import LikeUrl, Replace, Template
from trapstreet.plugins.breadcrumbs._zip import Archive

PIXEL = 9525
"""EMU, the unit of DrawingML."""

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_EMPTY = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<Relationships xmlns="{_PACKAGE}/relationships"></Relationships>'
).encode()
_TYPES = "[Content_Types].xml"
_TAG = re.compile(rb"""<([^\s/>]+)(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/>""")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

REVEALS = (
    "A picture that lies elsewhere: whoever looks into the file, or logs its traffic, sees the host. "
    "Protected view, and a reader without network, fetch nothing; previews and scanners may."
)


class Settings(msgspec.Struct, frozen=True):
    template: Template
    replace: Replace = ""
    like: LikeUrl = ""


class Relation(NamedTuple):
    """What a part refers to: another part by its full name, or an address."""

    id: str
    type: str
    target: str


class Document:
    """An office document whose parts can be changed. Raises UnusableInput for what cannot be a template."""

    def __init__(self, data: bytes, *, label: str, main: str) -> None:
        if data.startswith(_OLE):
            raise UnusableInput(
                f"{label} is encrypted or of an old format",
                hint="save it without a password, as .docx or .xlsx",
            )
        if not data.startswith(b"PK"):
            raise UnusableInput(f"{label} is no office document", hint="give a .docx or .xlsx file")
        self.label = label
        self._archive = Archive(data, label=label)
        self._changed: dict[str, bytes] = {}
        names = self._archive.names
        if _TYPES not in names or main not in names:
            raise UnusableInput(f"{label} is no document of this kind", hint=f"it has no part {main}")
        if b"macroEnabled" in self.part(_TYPES) or any("vbaproject" in name.lower() for name in names):
            raise UnusableInput(f"{label} has macros", hint="save it without them, as .docx or .xlsx")
        if any(name.startswith("_xmlsignatures/") for name in names):
            raise UnusableInput(
                f"{label} is signed", hint="take one without a signature, which bait would break"
            )

    def part(self, name: str) -> bytes:
        """The part's content as it is now."""
        return self._changed[name] if name in self._changed else self._archive.read(name)

    def parts(self) -> list[str]:
        """The names of the parts that are XML."""
        return [name for name in self._archive.names if name.endswith((".xml", ".rels"))]

    def has(self, name: str) -> bool:
        return name in self._changed or name in self._archive.names

    def put(self, name: str, content: bytes) -> None:
        """Change the part, or add it."""
        self._changed[name] = content

    def insert(self, name: str, at: int, piece: str) -> None:
        """Put a piece of XML into a part, before the byte `at`."""
        data = self.part(name)
        self.put(name, data[:at] + piece.encode() + data[at:])

    def append(self, name: str, element: _xml.Element, piece: str) -> None:
        """Put a piece of XML behind all that an element of the part holds."""
        data = self.part(name)
        if element.closes:
            return self.insert(name, len(data[: element.end].rstrip()), piece)
        tag = _TAG.match(data, element.start)
        if not tag:
            raise UnusableInput(f"{self.label} has a tag that cannot be taken apart", hint="save it anew")
        opened = tag[0][:-2].rstrip() + b">" + piece.encode() + b"</" + tag[1] + b">"
        return self.put(name, data[: tag.start()] + opened + data[tag.end() :])

    def prefix(self, name: str, element: _xml.Element) -> str:
        """What stands before the name of an element in its tag: "", or "x:"."""
        tag = re.match(rb"<([^\s/>:]+:)?", self.part(name)[element.start :])
        return (tag[1] or b"").decode() if tag else ""

    def named(self, name: str, **prefixes: str) -> str:
        """Declarations of those prefixes that the part's root does not declare in the same way."""
        (root,) = self.elements(name, lambda path: len(path) == 1)
        data = self.part(name)
        head = data[root.start : data.index(b">", root.start)].decode()
        declared = [f' xmlns:{prefix}="{namespace}"' for prefix, namespace in prefixes.items()]
        return "".join(each for each in declared if each not in head)

    def elements(self, name: str, wanted: Callable[[_xml.Path], bool]) -> list[_xml.Element]:
        return _xml.elements(self.part(name), wanted, label=self.label)

    def relations(self, name: str) -> list[Relation]:
        """What the part refers to."""
        where = _relations_of(name)
        if not self.has(where):
            return []
        found = self.elements(where, lambda path: len(path) == 2)
        return [
            Relation(
                e.attributes.get("Id", ""),
                e.attributes.get("Type", ""),
                _resolved(name, e.attributes.get("Target", ""), e.attributes.get("TargetMode", "")),
            )
            for e in found
        ]

    def relate(self, name: str, kind: str, target: str, *, external: bool = False) -> str:
        """The Id of a new relation of the part, numbered as the others are."""
        where = _relations_of(name)
        if not self.has(where):
            self.put(where, _EMPTY)
        numbers = [int(found[1]) for each in self.relations(name) if (found := re.search(r"(\d+)$", each.id))]
        new = f"rId{max(numbers, default=0) + 1}"
        mode = ' TargetMode="External"' if external else ""
        (root,) = self.elements(where, lambda path: len(path) == 1)
        tag = f"{self.prefix(where, root)}Relationship"
        place = f'Target="{_quoted(target)}"{mode}'
        self.append(where, root, f'<{tag} Id="{new}" Type="{RELATIONS}/{kind}" {place}/>')
        return new

    def declare(self, name: str, content_type: str) -> None:
        """Say what a new part holds."""
        (root,) = self.elements(_TYPES, lambda path: len(path) == 1)
        tag = f"{self.prefix(_TYPES, root)}Override"
        self.append(_TYPES, root, f'<{tag} PartName="/{name}" ContentType="{content_type}"/>')

    def readdress(self, old: str, new: str) -> None:
        """Put an address in the place of one that the document has. Raises UnusableInput if it has not."""
        before, after = _quoted(old).encode(), _quoted(new).encode()
        whole = re.compile(rb"(?<=[\">])" + re.escape(before) + rb"(?=[\"<])")
        found = False
        for name in self._archive.names:
            if name.endswith((".xml", ".rels")) and whole.search(self.part(name)):
                self.put(name, whole.sub(lambda _: after, self.part(name)))
                found |= name.endswith(".rels")
        if not found:
            raise UnusableInput(
                f"{self.label} has no picture and no link at that address",
                hint="give --replace an address as it stands in the template",
            )

    def written(self) -> bytes:
        """The document, with what was changed."""
        names = self._archive.names
        first = next((name for name in self._changed if name in names and name != _TYPES), names[-1])
        return self._archive.rewritten(self._changed, like=first)


def baited(
    settings: Settings,
    resources: Resources,
    draws: KeyedDraws,
    *,
    main: str,
    add_picture: Callable[[Document, str], None],
) -> Made:
    """The template with one address replaced, else with a picture added; `main` is the part it must have."""
    url = _web.address(resources, draws, what="image", like=settings.like or _web.example(settings.replace))
    document = Document(_template.read(settings.template), label=settings.template, main=main)
    if settings.replace:
        document.readdress(settings.replace, url)
    else:
        add_picture(document, url)
    name = Path(settings.template).name
    return Made(
        text=f"{name} fetches {url} when it is opened, or on a click where you replaced a link's address.\n\n"
        "Place it where files of its kind lie, with the date of its neighbours.",
        tokens=(http_token(url),),
        files={name: document.written()},
    )


def number(data: bytes, attribute: bytes) -> int:
    """A number that no attribute of this name has."""
    taken = re.findall(rb"\b" + attribute + rb'="(\d{1,9})"', data)
    return max(map(int, taken), default=0) + 1


def linked_picture(prefix: str, relation: str, id_: int) -> str:
    """A picture of DrawingML, one pixel wide and high, whose image lies at a relation's address."""
    return (
        f"<{prefix}:pic><{prefix}:nvPicPr>"
        f'<{prefix}:cNvPr id="{id_}" name="Picture {id_}"/><{prefix}:cNvPicPr/></{prefix}:nvPicPr>'
        f'<{prefix}:blipFill><a:blip r:link="{relation}"/>'
        f"<a:stretch><a:fillRect/></a:stretch></{prefix}:blipFill>"
        f'<{prefix}:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{PIXEL}" cy="{PIXEL}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></{prefix}:spPr></{prefix}:pic>'
    )


def _quoted(url: str) -> str:
    return escape(url)


def _relations_of(name: str) -> str:
    return f"{dirname(name)}/_rels/{basename(name)}.rels".lstrip("/")


def _resolved(name: str, target: str, mode: str) -> str:
    if mode == "External":
        return target
    return normpath(f"{dirname(name)}/{target}" if not target.startswith("/") else target).lstrip("/")
