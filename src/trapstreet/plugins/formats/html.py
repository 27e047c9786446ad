"""Web pages: as they are written, and as they are read.

In what is written lie addresses of links, attributes, scripts and comments; as it is read, a number is whole
though its first digits are bold. Both come in turn, cut where a row or paragraph begins.
"""

import re
from collections.abc import Iterator

from trapstreet.plugins.formats import Text
from trapstreet.plugins.formats._stream import Stream
from trapstreet.plugins.formats._tags import CELL, LONGEST, Dialect, as_written, plain

title = "web page"
rank = 70
container = False
begins = b""

_SAMPLE = 4096
_PAGE = re.compile(rb"(?i)<(?:!doctype\s+html|html)[\s>]")
_BEGINS = re.compile(rb"\s*<[A-Za-z!]")
_BLOCK = re.compile(rb"(?i)</?(?:body|div|head|li|meta|p|script|style|table|td|title|tr|ul)[\s>]")
_STARTS = (b"<tr", b"<TR", b"<p", b"<P", b"<div", b"<li")
_BREAKS = dict.fromkeys(
    b"address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption"
    b" figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav ol option p pre script"
    b" section select style summary table tbody textarea tfoot thead title tr ul".split(),
    b"\n",
)
_DIALECT = Dialect(begins=_BREAKS, ends=_BREAKS | {b"td": CELL, b"th": CELL}, shown=None, flowing=True)


def recognises(data: Stream) -> bool:
    sample = data.peek(_SAMPLE)
    if _PAGE.search(sample):
        return True
    return _BEGINS.match(sample) is not None and len(_BLOCK.findall(sample)) >= 3


def parts(data: Stream, path: str) -> Iterator[Text]:
    text = as_written(data, path)
    yield Text(path, both(text.chunks), text.hash)


def both(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-8 as it is written and as it is read, in turn."""
    for block in _cut(chunks):
        yield block
        yield b"\n"
        yield from plain(iter([block]), _DIALECT)
        yield b"\n"


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, every chunk but the first beginning with a row, a paragraph, or at least a tag."""
    whole = next(chunks, b"")
    for chunk in chunks:
        end = max(whole.rfind(start) for start in _STARTS)
        end = end if end > 0 else whole.rfind(b"<")
        end = end if end > 0 and len(whole) - end <= LONGEST else len(whole)
        yield whole[:end]
        whole = whole[end:] + chunk
    yield whole
