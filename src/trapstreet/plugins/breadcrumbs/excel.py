"""An Excel workbook made from the owner's own: it fetches a picture when it is opened."""

from posixpath import relpath

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, _office

title = "Excel workbook"
suffixes = (".xlsx",)
needs = ("urls",)
channels = ("http",)
reveals = _office.REVEALS


settings = _office.Settings

_MAIN = "xl/workbook.xml"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_DRAWING = "application/vnd.openxmlformats-officedocument.drawing+xml"
_BEHIND = frozenset(  # what a drawing of a worksheet stands before (ECMA-376, CT_Worksheet)
    f"{_S} {name}"
    for name in (
        "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
        "webPublishItems", "tableParts", "extLst",
    )
)  # fmt: skip


def make(settings: _office.Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The template with one address replaced, else with a picture of one pixel in the first cell of the first
    sheet."""
    return _office.baited(settings, resources, draws, main=_MAIN, add_picture=_add_picture)


def _add_picture(document: _office.Document, url: str) -> None:
    drawing = _drawing(document, _first_sheet(document))
    relation = document.relate(drawing, "image", url, external=True)
    id_ = _office.number(document.part(drawing), b"id")
    (root,) = document.elements(drawing, lambda path: len(path) == 1)
    names = document.named(drawing, xdr=_XDR, a=_A, r=_office.RELATIONS)
    document.append(
        drawing,
        root,
        f"<xdr:oneCellAnchor{names}><xdr:from><xdr:col>0</xdr:col><xdr:colOff>0</xdr:colOff>"
        "<xdr:row>0</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        f'<xdr:ext cx="{_office.PIXEL}" cy="{_office.PIXEL}"/>{_office.linked_picture("xdr", relation, id_)}'
        "<xdr:clientData/></xdr:oneCellAnchor>",
    )


def _first_sheet(document: _office.Document) -> str:
    sheets = document.elements(_MAIN, lambda path: path[1:] == (f"{_S} sheets", f"{_S} sheet"))
    targets = {each.id: each.target for each in document.relations(_MAIN)}
    for sheet in sheets:
        target = targets.get(sheet.attributes.get(f"{_office.RELATIONS} id", ""), "")
        if target.startswith("xl/worksheets/") and document.has(target):
            return target
    raise UnusableInput(f"{document.label} has no worksheet", hint="save it anew as .xlsx")


def _drawing(document: _office.Document, sheet: str) -> str:
    """The part that holds the sheet's pictures; a new one where there is none."""
    for relation in document.relations(sheet):
        if relation.type == f"{_office.RELATIONS}/drawing" and document.has(relation.target):
            return relation.target
    count = 1
    while document.has(drawing := f"xl/drawings/drawing{count}.xml"):
        count += 1
    document.put(
        drawing,
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<xdr:wsDr xmlns:xdr="{_XDR}" xmlns:a="{_A}"></xdr:wsDr>'.encode(),
    )
    document.declare(drawing, _DRAWING)
    relation_id = document.relate(sheet, "drawing", relpath(drawing, "xl/worksheets"))
    root, *children = document.elements(sheet, lambda path: len(path) <= 2)
    tag, names = f"{document.prefix(sheet, root)}drawing", document.named(sheet, r=_office.RELATIONS)
    behind = next((child.start for child in children if child.path[-1] in _BEHIND), root.end)
    document.insert(sheet, behind, f'<{tag}{names} r:id="{relation_id}"/>')
    return drawing
