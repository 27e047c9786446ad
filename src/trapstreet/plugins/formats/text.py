"""Text of any encoding, and whatever else no other format knows: CSV, JSON, SQL dumps, mail, programs.

Valid UTF-8 passes as it is. UTF-16 and UTF-32 are known by their mark or by where their zero bytes stand. A
byte that is not UTF-8 is read as cp1252 (Latin-1 where that has no character), one by one, so that a file of
two encodings keeps both. A chunk with zero bytes is no text: it passes as it is, so that what is ASCII in it
is found, and its UTF-16 strings follow it.
"""

import codecs
from collections.abc import Iterator

from trapstreet.plugins.formats import Hash, Text
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import Stream
from trapstreet.plugins.formats._strings import has_ascii_run, wide_strings

title = "text"
rank = 100
container = False
begins = b""

_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_SAMPLE = 4096
_ASCII = bytes(range(128))
_STRAY = {b: (chr(0xDC00 + b), bytes([b]).decode("cp1252", "ignore") or chr(b)) for b in range(128, 256)}
"""For each byte: what "surrogateescape" makes of it, and the character that it stands for."""


def recognises(data: Stream) -> bool:
    return True


def parts(data: Stream, path: str) -> Iterator[Text]:
    digest = LateHash()
    yield Text(path, _chunks(data, digest), digest)


def reads_in_pieces(head: bytes) -> bool:
    """Whether a piece of what begins so reads as it does in the whole: not where characters have two bytes or
    four, which have to be counted from the beginning."""
    return _sniff(head)[0] == "utf-8"


def _chunks(data: Stream, digest: Hash) -> Iterator[bytes]:
    encoding, mark = _sniff(data.peek(_SAMPLE))
    if mark:
        digest.update(data.read(mark))
    blocks = _hashed(data, digest)
    yield from _utf8(blocks) if encoding == "utf-8" else _recoded(blocks, encoding)


def _hashed(data: Stream, digest: Hash) -> Iterator[bytes]:
    for block in data:
        digest.update(block)
        yield block


def _sniff(sample: bytes) -> tuple[str, int]:
    """The encoding, and the length of the mark that says so."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark) and (encoding == "utf-8" or _reads_well(sample[len(mark) :], encoding)):
            return encoding, len(mark)
    for encoding in _by_zeros(sample):
        if _reads_well(sample, encoding):
            return encoding, 0
    return "utf-8", 0


def _by_zeros(sample: bytes) -> Iterator[str]:
    """The encodings whose zero bytes stand as they do here: ASCII characters leave them on one side."""
    if b"\0" not in sample:
        return
    zeros = [sample[lane::4].count(0) for lane in range(4)]
    lane = len(sample) // 4
    if 0 < lane <= zeros[3] and zeros[2] > lane // 2:
        yield "utf-32-le"
    if 0 < lane <= zeros[0] and zeros[1] > lane // 2:
        yield "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if odd > max(4 * even, len(sample) // 20):
        yield "utf-16-le"
    if even > max(4 * odd, len(sample) // 20):
        yield "utf-16-be"


def _reads_well(sample: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)("surrogatepass").decode(
            sample
        )  # half characters happen
    except UnicodeDecodeError:
        return False
    return sum(c.isprintable() or c.isspace() for c in text) >= 0.9 * len(text)


def _recoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode()
        if has_ascii_run(block):  # appended by a program of another mind
            yield mended(block)
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()


def _utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        whole = rest + block if rest else block
        rest = whole[len(whole) - _cut(whole[-3:]) :]
        yield mended(whole[: len(whole) - len(rest)] if rest else whole)
    if rest:
        yield mended(rest)


def _cut(end: bytes) -> int:
    """How many of the last bytes begin a sequence that goes on behind them."""
    for back in range(1, len(end) + 1):
        byte = end[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def mended(raw: bytes) -> bytes:
    """The bytes as valid UTF-8, unless they are no text."""
    if b"\0" in raw:
        return raw + wide_strings(raw)
    if raw.isascii():
        return raw
    try:
        raw.decode()
    except UnicodeDecodeError:
        return _from_two_encodings(raw)
    return raw


def _from_two_encodings(raw: bytes) -> bytes:
    text = raw.decode("utf-8", "surrogateescape")
    for byte in set(raw.translate(None, _ASCII)):
        text = text.replace(*_STRAY[byte])
    return text.encode()
