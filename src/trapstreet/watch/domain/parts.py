"""What some of a scan's texts gave. Parts add up to the whole, in whatever order they were searched."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.core.model.objects import Unread
from trapstreet.watch.domain.findings import Finding, Shown, described


@dataclass(frozen=True, slots=True)
class Draft:
    """What may become a finding, once it is known how many texts were searched."""

    source: str
    path: str
    data_set: str
    what: Shown
    excerpts: list[str]
    sha256: str

    def finding(self, tests: int) -> Finding:
        return Finding(
            source=self.source,
            path=self.path,
            data_set=self.data_set,
            excerpts=self.excerpts,
            sha256=self.sha256,
            **described(self.what, max(1, tests)),
        )


@dataclass(slots=True)
class Part:
    """What was found in some texts, how much they were, and what was set aside or could not be read.

    size    of the texts, in bytes
    tests   in how many of the texts chance could have shown a data set, once for each data set
    aside   places where a public value stands, by kind
    unread  with printable paths
    """

    drafts: list[Draft] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    texts: int = 0
    size: int = 0
    tests: int = 0
    aside: dict[Kind, int] = field(default_factory=dict)

    @classmethod
    def united(cls, parts: Iterable["Part"]) -> "Part":
        """All of them together; drafts and what is unread in the parts' order."""
        whole, aside = cls(), Counter[Kind]()
        for each in parts:
            whole.drafts += each.drafts
            whole.unread += each.unread
            whole.texts += each.texts
            whole.size += each.size
            whole.tests += each.tests
            aside.update(each.aside)
        whole.aside = dict(aside)
        return whole

    def encoded(self) -> bytes:
        """The part as MessagePack. It names paths and shows masked excerpts."""
        return msgspec.msgpack.encode(self, enc_hook=_plain)

    @classmethod
    def decoded(cls, data: bytes) -> "Part":
        """What `encoded` gave. Raises msgspec.MsgspecError for anything else."""
        return msgspec.msgpack.decode(data, type=cls)


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a part of a scan holds no {type(value).__name__}")
