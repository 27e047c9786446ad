"""A PDF made from the owner's own: a link in it leads to the trap."""

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, _template, _web, http_token
from trapstreet.plugins.breadcrumbs._options import LikeUrl, Replace, Template, option
from trapstreet.plugins.breadcrumbs._pdf import Elsewhere, Plain

if TYPE_CHECKING:
    import pikepdf

title = "PDF"
suffixes = (".pdf",)
needs = ("urls",)
channels = ("http",)
reveals = (
    "A link whose address every reader shows. Nothing is fetched before somebody clicks on it. With "
    "--on-open readers that obey ask first, and say which host it is; most browsers do nothing."
)


class Settings(msgspec.Struct, frozen=True):
    template: Template
    replace: Replace = ""
    on_open: Annotated[bool, option("go there when it is opened, too: readers ask, or refuse")] = False
    like: LikeUrl = ""


settings = Settings

_BLOCK = 1 << 20
_PREAMBLE = re.compile(rb"%PDF-\d\.\d[\r\n]+(?:%[^\r\n]*[\r\n]+)?")


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The template with a link of its own readdressed, else with one over the head of its first page. It is
    read and written in a disposable process."""
    from trapstreet.sandbox import stream

    url = _web.address(resources, draws, what="page", like=settings.like or _web.example(settings.replace))
    data = _template.read(settings.template)
    name = Path(settings.template).name
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        linked = stream(
            f"{__name__}:linked", file, settings.template, url, settings.replace, int(settings.on_open)
        )
        made = b"".join(block for block in linked if isinstance(block, bytes))
    return Made(
        text=f"{name} leads to {url} when somebody clicks on its link"
        f"{', or opens it in a reader that obeys' if settings.on_open else ''}.\n\n"
        "Place it where documents of its kind lie, with the date of its neighbours.",
        tokens=(http_token(url),),
        files={name: made},
    )


def linked(file: BinaryIO, label: str, url: str, replace: str, on_open: int) -> Iterator[bytes]:
    """In the child: the PDF with the link, in blocks."""
    import pikepdf

    data = file.read()
    try:
        with pikepdf.open(file) as pdf:
            _check(pdf, label)
            try:
                if on_open:
                    raise Elsewhere
                made = _in_place(pdf, data, url, replace)
            except Elsewhere:
                made = _anew(pdf, data, url, replace, label=label, on_open=bool(on_open))
    except pikepdf.PasswordError as error:
        raise UnusableInput(f"{label} is encrypted", hint="save it without a password") from error
    except pikepdf.PdfError as error:
        raise UnusableInput(f"{label} is damaged, or no PDF", hint="export it anew") from error
    for start in range(0, len(made), _BLOCK):
        yield made[start : start + _BLOCK]


def _in_place(pdf: "pikepdf.Pdf", data: bytes, url: str, replace: str) -> bytes:
    plain = Plain(data)
    if replace:
        return plain.readdressed(replace.encode(), url.encode())
    page = pdf.pages[0]
    return plain.with_annotation(
        page.obj.objgen[0],
        b"<</Type/Annot/Subtype/Link/Border[0 0 0]/Rect[%b]/A<</Type/Action/S/URI/URI(%b)>>\n>>"
        % (b" ".join(b"%g" % edge for edge in _head(page)), url.encode()),
    )


def _anew(pdf: "pikepdf.Pdf", data: bytes, url: str, replace: str, *, label: str, on_open: bool) -> bytes:
    """The PDF written anew, in the manner of the library but for the first lines, if they are as long."""
    import pikepdf

    if replace:
        _readdress(pdf, replace, url, label)
    else:
        _add_link(pdf, url)
    if on_open:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(url))
    out = io.BytesIO()
    pdf.save(
        out,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        linearize=pdf.is_linearized,
        fix_metadata_version=False,
        deterministic_id=True,
    )
    made = out.getvalue()
    old, new = _PREAMBLE.match(made), _PREAMBLE.match(data)
    return new[0] + made[old.end() :] if old and new and len(old[0]) == len(new[0]) else made


def _check(pdf: "pikepdf.Pdf", label: str) -> None:
    form = pdf.Root.get("/AcroForm")
    if pdf.is_encrypted:
        raise UnusableInput(f"{label} is encrypted", hint="save it without restrictions")
    if form is not None and int(form.get("/SigFlags", 0)) & 1:
        raise UnusableInput(f"{label} is signed", hint="take one without a signature, which bait would break")
    if not len(pdf.pages):
        raise UnusableInput(f"{label} has no pages", hint="export it anew")


def _readdress(pdf: "pikepdf.Pdf", old: str, new: str, label: str) -> None:
    import pikepdf

    found = 0
    for page in pdf.pages:
        for annotation in page.get("/Annots", ()):
            action = annotation.get("/A")
            if action is not None and str(action.get("/URI", "")) == old:
                action.URI = pikepdf.String(new)
                found += 1
    if not found:
        raise UnusableInput(
            f"{label} has no link to that address",
            hint="give --replace an address as it stands in the template",
        )


def _add_link(pdf: "pikepdf.Pdf", url: str) -> None:
    import pikepdf

    page = pdf.pages[0]
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Border=[0, 0, 0],
        Rect=_head(page),
        A=pikepdf.Dictionary(Type=pikepdf.Name.Action, S=pikepdf.Name.URI, URI=pikepdf.String(url)),
    )
    annotations = list(page.get("/Annots", ()))
    page.Annots = pikepdf.Array([*annotations, pdf.make_indirect(link)])


def _head(page: "pikepdf.Page") -> list[float]:
    """The head of a page, where a letterhead stands."""
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return [round(edge, 1) for edge in (left, top - (top - bottom) / 10, right, top)]
