"""A Word document made from the owner's own: it fetches a picture when it is opened."""

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, _office

title = "Word document"
suffixes = (".docx",)
needs = ("urls",)
channels = ("http",)
reveals = _office.REVEALS


settings = _office.Settings

_MAIN = "word/document.xml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
_PARAGRAPH = tuple(f"{_W} {name}" for name in ("document", "body", "p"))


def make(settings: _office.Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The template with one address replaced, else with a picture of one pixel in its first paragraph."""
    return _office.baited(settings, resources, draws, main=_MAIN, add_picture=_add_picture)


def _add_picture(document: _office.Document, url: str) -> None:
    paragraphs = document.elements(_MAIN, lambda path: path == _PARAGRAPH)
    if not paragraphs:
        raise UnusableInput(f"{document.label} has no paragraph", hint="write one and save it as .docx")
    relation = document.relate(_MAIN, "image", url, external=True)
    id_ = _office.number(document.part(_MAIN), b"id")
    names = document.named(_MAIN, w=_W, wp=_WP, a=_A, pic=_PIC, r=_office.RELATIONS)
    document.append(
        _MAIN,
        paragraphs[0],
        f'<w:r{names}><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{_office.PIXEL}" cy="{_office.PIXEL}"/><wp:docPr id="{id_}" name="Picture {id_}"/>'
        f'<a:graphic><a:graphicData uri="{_PIC}">{_office.linked_picture("pic", relation, id_)}'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>",
    )
