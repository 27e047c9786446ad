"""Foreign text: what Debian's documentation packages and PyPI's source archives hold, file by file."""

import gzip
import lzma
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

DEBIAN = (
    "rust-doc openjdk-17-doc linux-doc-6.1 erlang-doc libstdc++-12-doc qtbase5-doc-html postgresql-doc-15"
    " scala-doc ghc-doc libboost1.81-doc manpages-dev"
).split()
PYPI = (
    "google-api-python-client==2.202.0 botocore==1.44.5 awscli==1.46.3 ansible==12.3.0 sympy==1.14.0"
    " azure-mgmt-network==33.1.0 azure-mgmt-compute==39.0.0 kubernetes==37.0.2 faker==40.54.0 django==5.2.19"
    " plotly==7.1.0 babel==2.18.0 moto==5.2.5 phonenumbers==9.0.43 pygments==2.21.0 homeassistant==2024.3.3"
).split()
_BINARY = 8192


@dataclass
class ForeignText:
    """A file of an archive, as a scan takes it."""

    source: str
    path: str
    data: bytes = field(repr=False)
    sha256: str = ""

    @property
    def chunks(self) -> Iterator[bytes]:
        yield self.data


def fetch(folder: Path) -> None:
    """Download what is not in the folder yet, with apt-get and pip."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in DEBIAN if not list(folder.glob(f"{name}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", "-qq", *missing], cwd=folder, check=True)
    for pinned in PYPI:
        name, _, version = pinned.partition("==")
        if not list(folder.glob(f"{name.replace('-', '[-_]')}-{version}.tar.gz")):
            command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:")
            subprocess.run([*command, pinned], cwd=folder, check=True)


def foreign_texts(folder: Path) -> Iterator[ForeignText]:
    """Every text file in the archives of the folder, gzip files unpacked, binary files left out."""
    for archive in sorted(folder.iterdir()):
        if archive.suffix == ".deb":
            shown = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE)
            assert shown.stdout
            with shown, tarfile.open(fileobj=shown.stdout, mode="r|") as members:
                yield from _texts(archive.name, members)
        elif archive.name.endswith(".tar.gz"):
            with tarfile.open(archive) as members:
                yield from _texts(archive.name, members)


def _texts(archive: str, members: tarfile.TarFile) -> Iterator[ForeignText]:
    for member in members:
        if member.isreg() and (file := members.extractfile(member)):
            data = _unpacked(file.read())
            if data and b"\0" not in data[:_BINARY]:
                yield ForeignText(archive, member.name, data)


def _unpacked(data: bytes) -> bytes:
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.GzipFile(fileobj=BytesIO(data)).read()
        return lzma.decompress(data) if data.startswith(b"\xfd7zXZ") else data
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b""
