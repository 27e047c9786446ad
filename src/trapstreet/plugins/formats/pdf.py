"""PDF documents: the text page by page, links, notes, form fields, properties (XMP, too), and embedded files.

Read by PDFium in a disposable child. A page without text that holds an image is a scan: it is read by OCR
where that is asked for (`Limits.ocr`), else counted.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _parsed
from trapstreet.plugins.formats._locked import locked
from trapstreet.plugins.formats._ocr import MISSING, Reader, Unavailable, patience
from trapstreet.plugins.formats._stream import Stream
from trapstreet.plugins.formats._xmp import packets

if TYPE_CHECKING:
    import pypdfium2

title = "PDF document"
rank = 25
container = True
begins = b""

_HEAD = 1024  # bytes within which readers look for the beginning
_BEGINS = re.compile(rb"(?:\A|[\r\n\0])[ \t\xef\xbb\xbf]*%PDF-\d\.\d")
_IN_MEMORY = 64 << 20
_SILENCE = 5.0  # seconds after which what there is is sent
_HYPHEN = re.compile(r"(?<!\S)([^\s\ufffe]{0,64})\ufffe[\f\n]*([^\s\ufffe]{0,64})")
_AT_THE_END = re.compile(r"@([^\s@]{0,64})\n([^\s@]{1,64})")
_BEGUN = re.compile(r"[^\s@]*\Z")
_DOTS = 200 / 72  # per point: 200 dpi
_PIXELS = 25_000_000
_FILE = 512 << 20  # bytes of an embedded file
_SHOWN = (b"Contents", b"V", b"T", b"TU", b"RC", b"Subj")
"""Texts of an annotation (ISO 32000-1, 12.5.2, 12.5.6.2, 12.7.3)."""


def recognises(data: Stream) -> bool:
    head = data.peek(_HEAD)
    return b"%PDF-" in head and _BEGINS.search(head) is not None


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    passwords = [password.reveal() for password in data.budget.passwords]
    return _parsed.parts(
        f"{__name__}:contents",
        data,
        path,
        int(data.budget.limits.ocr),
        *passwords,
        digest=_parsed.file_hash(data),
        limits=patience() if data.budget.limits.ocr else None,
    )


def contents(file: BinaryIO, ocr: int, *passwords: str) -> Iterator[object]:
    """In the child: the text, what of it could not be read, and the embedded files."""
    pdf = _opened(file, passwords)
    if pdf is None:
        yield [_parsed.UNREAD, "", locked(len(passwords))]
        return
    pages = _Pages(pdf, ocr=bool(ocr))
    yield [_parsed.TEXT, "", b""]
    block: list[str] = []
    sent = time.monotonic()
    for text in pages.texts():
        block.append(text)
        if sum(map(len, block)) >= _parsed.BLOCK or time.monotonic() - sent > _SILENCE:
            yield from _parsed.cut(_utf8(block))
            block.clear()
            sent = time.monotonic()
    block += [value for key, value in pdf.get_metadata_dict().items() if not key.endswith("Date")]
    block += _bookmarks(pdf)
    block += packets(file)
    yield from _parsed.cut(_utf8(block))
    for why in pages.unread():
        yield [_parsed.UNREAD, "", why]
    embedded: list[Callable[[], pypdfium2.PdfAttachment]] = [
        partial(pdf.get_attachment, number) for number in range(pdf.count_attachments())
    ]
    for number, found in enumerate(embedded + pages.attached):
        yield from _embedded(found, number)


def _bookmarks(pdf: pypdfium2.PdfDocument) -> Iterator[str]:
    """The outline's titles, and the XML of a form of Adobe's kind (XFA), which holds what was filled in."""
    from pypdfium2 import raw

    yield from (bookmark.get_title() for bookmark in pdf.get_toc())
    for number in range(raw.FPDF_GetXFAPacketCount(pdf)):
        size = ctypes.c_ulong()
        raw.FPDF_GetXFAPacketContent(pdf, number, None, 0, size)
        buffer = ctypes.create_string_buffer(size.value)
        raw.FPDF_GetXFAPacketContent(pdf, number, buffer, size, size)
        yield buffer.raw.decode("utf-8", "replace")


def _opened(file: BinaryIO, passwords: tuple[str, ...]) -> pypdfium2.PdfDocument | None:
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    head = file.read(_IN_MEMORY + 1)  # 4 % faster than a file
    for password in (None, *passwords):
        try:
            return pypdfium2.PdfDocument(file if len(head) > _IN_MEMORY else head, password)
        except pypdfium2.PdfiumError as error:
            if error.err_code != FPDF_ERR_PASSWORD:
                raise UnusableInput("the PDF is damaged") from None
    return None


def _utf8(block: list[str]) -> bytes:
    """Pages with a form feed between them.

    What stands around a hyphen at the end of a line (U+FFFE or U+0002) comes with it and without: lines end
    within numbers, too. An address at the end of a line comes with what follows, too: cells are narrow.
    """
    text = ("\f\n".join(block) + "\f\n").replace("\r\n", "\n").replace("\x02", "\ufffe")
    if "\ufffe" in text:
        text = _HYPHEN.sub(r"\1-\2 \1\2", text).replace("\ufffe", "-")
    return _AT_THE_END.sub(_with_whole_address, text).encode("utf-8", "replace")


def _with_whole_address(end: re.Match[str]) -> str:
    begun = _BEGUN.search(end.string, max(0, end.start() - 64), end.start())
    return f"{end[0]} {begun[0] if begun else ''}@{end[1]}{end[2]}"


class _Pages:
    """The pages' texts, the count of those without, and the files that are pinned to them."""

    def __init__(self, pdf: pypdfium2.PdfDocument, *, ocr: bool) -> None:
        self._pdf = pdf
        self._ocr = ocr
        self._reader: Reader | None = None
        self._why = "read by OCR with --ocr"
        self.attached: list[Callable[[], pypdfium2.PdfAttachment]] = []
        self._images: list[int] = []
        self._damaged: list[int] = []

    def texts(self) -> Iterator[str]:
        import pypdfium2

        for number in range(len(self._pdf)):
            try:
                page = self._pdf[number]
                yield self._text(page, number)
                page.close()
            except pypdfium2.PdfiumError:
                self._damaged.append(number)

    def unread(self) -> Iterator[str]:
        total = len(self._pdf)
        if self._damaged:
            yield f"{_counted(self._damaged, total)} damaged"
        if self._images:
            yield f"{_counted(self._images, total)} an image: {self._why}"

    def _text(self, page: pypdfium2.PdfPage, number: int) -> str:
        textpage = page.get_textpage()
        text = textpage.get_text_range()
        textpage.close()
        if not text.strip() and _has_image(page):
            if reader := self._of_images():
                text = _recognised(page, reader)
            else:
                self._images.append(number)
        return "\n".join([text, *_annotations(self._pdf, page, self.attached)])

    def _of_images(self) -> Reader | None:
        if self._ocr and self._reader is None:
            try:
                self._reader = Reader()
            except Unavailable:
                self._ocr, self._why = False, MISSING
        return self._reader


def _counted(pages: list[int], total: int) -> str:
    if len(pages) == 1:
        return f"page {pages[0] + 1} of {total:,} is"
    return f"{len(pages):,} of {total:,} pages, the first of them page {pages[0] + 1}, are each"


def _has_image(page: pypdfium2.PdfPage) -> bool:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    return any(True for _ in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _recognised(page: pypdfium2.PdfPage, reader: Reader) -> str:
    width, height = page.get_size()
    scale = min(_DOTS, (_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    text = reader.page(bytes(bitmap.buffer), width=bitmap.width, height=bitmap.height, stride=bitmap.stride)
    bitmap.close()
    return text


def _annotations(
    pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, attached: list[Callable[[], pypdfium2.PdfAttachment]]
) -> Iterator[str]:
    from pypdfium2 import PdfAttachment, raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_LINK:
            action = raw.FPDFLink_GetAction(raw.FPDFAnnot_GetLink(annotation))
            yield _string(
                lambda buffer, size, at=action: raw.FPDFAction_GetURIPath(pdf, at, buffer, size), "utf-8"
            )
        else:
            for key in _SHOWN:
                if raw.FPDFAnnot_HasKey(annotation, key):
                    yield _string(
                        lambda buffer, size, at=annotation, key=key: raw.FPDFAnnot_GetStringValue(
                            at, key, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size
                        ),
                        "utf-16-le",
                    )
            if pinned := raw.FPDFAnnot_GetFileAttachment(annotation):
                attached.append(partial(PdfAttachment, pinned, pdf))
        raw.FPDFPage_CloseAnnot(annotation)


def _string(call: Callable[..., int], encoding: str) -> str:
    size = call(None, 0)
    buffer = ctypes.create_string_buffer(size)
    call(buffer, size)
    return buffer.raw[:size].decode(encoding, "replace").rstrip("\0")


def _embedded(found: Callable[[], pypdfium2.PdfAttachment], number: int) -> Iterator[object]:
    import pypdfium2
    from pypdfium2 import raw

    place = f"!/{number + 1}"
    try:
        attachment = found()
        place = f"!/{attachment.get_name() or number + 1}"
        size = ctypes.c_ulong()
        raw.FPDFAttachment_GetFile(attachment, None, 0, size)
        if size.value > _FILE:
            yield [_parsed.UNREAD, place, f"larger than {_FILE >> 20} MB"]
            return
        content = memoryview(attachment.get_data()).cast("B") if size.value else memoryview(b"")
    except pypdfium2.PdfiumError:
        yield [_parsed.UNREAD, place, "damaged"]
        return
    yield [_parsed.MEMBER, place, b""]
    for start in range(0, len(content), _parsed.BLOCK):
        yield bytes(content[start : start + _parsed.BLOCK])
