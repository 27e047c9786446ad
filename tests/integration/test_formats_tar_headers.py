"""Extended headers of tar archives."""

import io
import tarfile

from taken_apart import read, source


def test_an_extended_header_that_is_too_long_hides_nothing_behind_it() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, kind, content in (("x", b"x", bytes(2 << 20)), ("b.csv", b"0", b"maria@example.com")):
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content)
            archive.addfile(info, io.BytesIO(content))
    texts, unread = read(source(out.getvalue(), "t"))
    assert texts["t!/b.csv"] == b"maria@example.com"
    assert len(unread) == 1
