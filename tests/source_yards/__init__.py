"""Places that objects can be put in, one for each kind of source: a real server on loopback, and room there.

A kind's file here has a class made of `Yard` that is called `Here`, and is found by its presence; what it is
held to stands in tests/contract/test_sources_contract.py. A server may be shared by the yards of a session
(tests/servers.py); what lies in one yard is not seen in another. A part that yards share begins with "_".
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from servers import PASSWORD
from trapstreet.core.model.sections import read_section
from trapstreet.core.ports import Source

__all__ = ["AWKWARD", "PASSWORD", "WRONG", "Yard", "yards"]

WRONG = "Wr0ng-and-n0t-to-be-sh0wn"
AWKWARD = (
    "with space.txt",
    "Straße Öl ñ 名前.txt",
    "100%.txt",
    "a%20b.txt",
    "c%2Fd.txt",
    "hash#mark.txt",
    "why?.txt",
    "plus+and&semi;.txt",
    "quotes'\"`.txt",
    "..dots..",
    "...",
    "-rf",
    "new\nline.txt",
    "tab\tand\x1bescape.txt",
    "back\\slash.txt",
    " leading and trailing ",
    "colon: pipe| star*.txt",
    "long " + "n" * 200,
)


class Yard:
    """A place that is empty at first. `folder` is a private one of this test.

    url, options  what the kind's settings are made of
    """

    marks: ClassVar[tuple[Any, ...]] = ()
    """pytest marks: pytest.mark.system where a Debian package is needed."""
    kind: ClassVar[str]
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    """Names that can lie here."""
    nested: ClassVar[bool] = True
    """Whether there are folders in it: "a/b.txt"."""
    remote: ClassVar[bool] = True
    """Whether it is at a port, which may be another one."""
    keeps: ClassVar[bool] = False
    """Whether what was put once stays to be read, whatever is put or removed later."""
    sizes: ClassVar[bool] = True
    """Whether a listing tells sizes."""
    many: ClassVar[int] = 2000
    """Objects that can be put here within seconds."""
    apart: ClassVar[bool] = True
    """Whether the version of an object stays when others change."""
    settles: ClassVar[float] = 0.0
    """Seconds after which what was put has a version that stays."""
    limits: ClassVar[Mapping[str, float]] = MappingProxyType({})
    """Time limits of the product by the full names of their variables, and how long tests wait instead."""

    url: str
    options: dict[str, Any]

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.request, self.folder = request, folder
        self.options = {}

    def put(self, path: str, content: bytes) -> None:
        """An object lies there, made or replaced; not by way of the product."""
        raise NotImplementedError

    def remove(self, path: str) -> None:
        raise NotImplementedError

    def name(self, path: str) -> str:
        """What the source calls the object that was put at a path."""
        return f"{self.url}/{path}"

    def reads(self, path: str, content: bytes) -> bytes:
        """What is read of the object that was put at a path, where that is not what was put."""
        return content

    def put_there(self, read: bytes) -> bytes:
        """What the product put there, out of what was read of it."""
        return read

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        """As `put`, for many."""
        for path, content in contents.items():
            self.put(path, content)

    def strangers(self) -> Iterator[dict[str, Any]]:
        """Settings, with url, of somebody whom the server refuses; the password is WRONG."""
        return iter(())

    def at(self, port: int) -> dict[str, Any]:
        """The settings, with url, for the same place at another port."""
        parts = urlsplit(self.url)
        netloc = re.sub(r":\d+$", "", parts.netloc) + f":{port}"
        return {"url": parts._replace(netloc=netloc).geturl(), **self.options}

    def settings(self) -> dict[str, Any]:
        return {"url": self.url, **self.options}

    def source(self, settings: Mapping[str, Any] | None = None) -> Source:
        """The kind's source for this place, or for other settings."""
        kind = importlib.import_module(f"trapstreet.plugins.sources.{self.kind}")
        given = dict(settings or self.settings())
        made = read_section(given, kind.settings, where="here", hint="", folder=self.folder)
        source: Source = kind.source(made)
        return source

    def secret(self, name: str, text: str) -> str:
        """A file that holds a secret, which only we may read."""
        file = self.folder / name
        file.write_text(text + "\n")
        file.chmod(0o600)
        return str(file)

    @contextmanager
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The product's time limits are as short as `limits` says."""
        with monkeypatch.context() as patch:
            for name, seconds in self.limits.items():
                patch.setattr(name, seconds)
            yield

    def close(self) -> None:
        """The place is gone, and so is a server that nobody else uses."""


def yards() -> list[Any]:
    """Every kind's yard, as parameters of a test."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))
    made = [(name, importlib.import_module(f"{__name__}.{name}").Here) for name in names]
    return [pytest.param(here, id=name, marks=here.marks) for name, here in made]
