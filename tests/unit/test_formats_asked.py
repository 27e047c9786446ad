"""A format is not asked about objects that it cannot be of, and about all others."""

import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest

import formats_containers
import formats_data
import formats_mail
import formats_office
from trapstreet.plugins import formats
from trapstreet.plugins.formats import Format
from trapstreet.plugins.formats._stream import Budget, Limits, Stream

ROWS = [[f"Maria Huber {n}", f"maria.huber{n}@example.com", f"+49 30 9018{n:04}", f"1{n}"] for n in range(4)]
TEXT = "".join("\t".join(row) + "\n" for row in ROWS).encode()


def _zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", TEXT)
    return out.getvalue()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "text": lambda: TEXT,
    "nothing": lambda: b"",
    "zip": _zipped,
    "program": lambda: b"MZ" + bytes(510) + _zipped(),
    "tar": lambda: tarfile.TarInfo("a").tobuf() + bytes(1024),
    "lzma": lambda: lzma.compress(TEXT, lzma.FORMAT_ALONE),
    "skippable frame": lambda: b"\x5a\x2a\x4d\x18\1\0\0\0x" + b"\x28\xb5\x2f\xfd" + bytes(9),
    "picture": lambda: b"BM\0\0\0\0\0\0\0\0",
    **{name: partial(make, TEXT) for name, make, _ in formats_containers.STREAMS},
    **{name: partial(make, ROWS) for name, make, _ in formats_office.SAMPLES},
    **{name: partial(make, ROWS) for name, make, _ in formats_data.SAMPLES},
    **{name: partial(make, ROWS) for name, make, _ in formats_mail.SAMPLES},
}


def recognises(kind: Format, data: bytes) -> bool:
    with closing(Stream([data] if data else [], Budget(Limits(ocr=True), len(data)))) as stream:
        return kind.recognises(stream)


@pytest.mark.parametrize("name", SAMPLES)
def test_all_formats_that_recognise_an_object_are_asked_whatever_it_begins_with(name: str) -> None:
    sample = SAMPLES[name]()
    kinds = [kind for kind in formats._formats() if recognises(kind, sample)]
    assert kinds
    for first in {sample[:1], *(bytes([byte]) for byte in range(256) if sample)}:
        data = first + sample[1:]
        assert [kind.title for kind in kinds if recognises(kind, data)] == [
            kind.title for kind in formats._asked()[first] if kind in kinds and recognises(kind, data)
        ]


def test_about_plain_text_few_formats_are_asked() -> None:
    assert len(formats._asked()[b"T"]) < len(formats._formats()) / 2
