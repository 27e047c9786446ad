"""Whatever is done to a file, reading it ends, raises nothing, and says what it could not read."""

import gzip
import io
import tarfile
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from formats_containers import STREAMS
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins import formats
from tries import tries

LINE = b"maria.huber@example.com\t+49 30 901820\n"


def archives() -> list[bytes]:
    content = LINE * 20
    zipped, tarred, named = io.BytesIO(), io.BytesIO(), tarfile.TarInfo("ä" * 120)
    with zipfile.ZipFile(zipped, "w") as archive:
        for number, method in enumerate((0, 8, 12, 14)):
            archive.writestr(f"{number}", content, method)
    named.size = len(content)
    with tarfile.open(fileobj=tarred, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(named, io.BytesIO(content))
        tar.addfile(named, io.BytesIO(content))
    return [
        zipped.getvalue(),
        tarred.getvalue(),
        gzip.compress(content) * 2,
        gzip.compress(tarred.getvalue()),
        content.decode().encode("utf-16"),
        *(make(content) for _, make, _ in STREAMS),
    ]


CHANGE = st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=8))


@settings(max_examples=tries(400), deadline=None)
@given(st.sampled_from(archives()), st.lists(CHANGE, max_size=5), st.integers(0, 6000))
def test_no_damage_goes_unhandled(data: bytes, changes: list[tuple[int, bytes]], length: int) -> None:
    damaged = bytearray(data)
    for at, piece in changes:
        start = at % len(damaged)
        damaged[start : start + len(piece)] = piece
    damaged = damaged[:length] if length > 100 else damaged
    for found in formats.read(SourceObject("heap", "f", len(damaged), lambda: io.BytesIO(damaged))):
        if isinstance(found, Unread):
            assert found.why.isprintable()
            assert "maria" not in found.why
        else:
            assert sum(map(len, found.chunks)) < 64 << 20, "a damaged count makes a bomb; the budget ends it"


@settings(max_examples=tries(200), deadline=None)
@given(
    st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\xff\xfe", b"\0\0\xfe\xff"]),
    st.binary(),
)
def test_a_beginning_alone_makes_no_archive(magic: bytes, rest: bytes) -> None:
    data = magic + rest
    assert list(formats.read(SourceObject("heap", "f", len(data), lambda: io.BytesIO(data))))
