"""Text of pictures of text, by the Tesseract of the system (Debian: tesseract-ocr), in the child.

It is called as a library, so that its pictures are decoded where every other foreign file is, and no program
is started. Cost: about 2 s of one core for a page of A4 at 200 dpi.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trapstreet.sandbox import Limits

MISSING = "install tesseract-ocr to read it"

_TESSERACT = ("libtesseract.so.5", "libtesseract.so.4")
_LEPTONICA = ("liblept.so.5", "libleptonica.so.6")
_MODELS = Path("/usr/share/tesseract-ocr")
_NO_LANGUAGES = frozenset({"osd", "equ"})
_DOTS = 200  # per inch of a page that was drawn here
_PIXELS = 100_000_000
_TIFF = (b"II*\0", b"MM\0*")
_GAPS = re.compile(r"[ \t]*@[ \t]*")  # which it sees around the sign in most addresses


def patience() -> "Limits":
    """What a child may use that reads some thousands of pages."""
    from trapstreet.sandbox import Limits

    return Limits(cpu=4 * 3600, silence=300.0, waiting=8 * 3600.0)


class Unavailable(Exception):
    """Tesseract, or a model of it, is not installed."""


class Reader:
    """Reads pictures, in all languages whose models are installed."""

    def __init__(self) -> None:
        self._tesseract, self._leptonica = _library(_TESSERACT), _library(_LEPTONICA)
        call = self._tesseract
        call.TessBaseAPICreate.restype = call.TessBaseAPIGetUTF8Text.restype = ctypes.c_void_p
        self._leptonica.pixReadMem.restype = ctypes.c_void_p
        self._leptonica.pixReadMemFromMultipageTiff.restype = ctypes.c_void_p
        self._api = ctypes.c_void_p(call.TessBaseAPICreate())
        found = {path.stem for path in _MODELS.glob("*/tessdata/*.traineddata")} - _NO_LANGUAGES
        if not found or call.TessBaseAPIInit3(self._api, None, "+".join(sorted(found)).encode()):
            raise Unavailable

    def page(self, pixels: bytes, *, width: int, height: int, stride: int) -> str:
        """The text of a page drawn at 200 dpi, one byte per pixel, `stride` bytes per line."""
        self._tesseract.TessBaseAPISetImage(self._api, pixels, width, height, 1, stride)
        self._tesseract.TessBaseAPISetSourceResolution(self._api, _DOTS)
        return self._read()

    def pictures(self, data: bytes) -> Iterator[str]:
        """The texts of the pictures in a file; none if it is damaged, or larger than 100 million pixels."""
        offset = ctypes.c_size_t(0)
        while self._fits(data):
            if data.startswith(_TIFF):
                at = self._leptonica.pixReadMemFromMultipageTiff(data, _size(data), ctypes.byref(offset))
            else:
                at = self._leptonica.pixReadMem(data, _size(data))
            if not at:
                return
            picture = ctypes.c_void_p(at)
            self._tesseract.TessBaseAPISetImage2(self._api, picture)
            yield self._read()
            self._leptonica.pixDestroy(ctypes.byref(picture))
            if not offset.value:
                return

    def _fits(self, data: bytes) -> bool:
        kind, width, height, *others = [ctypes.c_int(0) for _ in range(6)]
        known = self._leptonica.pixReadHeaderMem(
            data, _size(data), *map(ctypes.byref, (kind, width, height, *others))
        )
        return known == 0 and width.value * height.value <= _PIXELS

    def _read(self) -> str:
        found = self._tesseract.TessBaseAPIGetUTF8Text(self._api)
        if not found:
            return ""
        text = ctypes.string_at(found).decode("utf-8", "replace")
        self._tesseract.TessDeleteText(ctypes.c_void_p(found))
        return _GAPS.sub("@", text)


def _library(names: tuple[str, ...]) -> ctypes.CDLL:
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise Unavailable


def _size(data: bytes) -> ctypes.c_size_t:
    return ctypes.c_size_t(len(data))
