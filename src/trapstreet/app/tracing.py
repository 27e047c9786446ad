"""Tracing wired to the workspace: leaks read, recipients unmasked on the record, the dossier written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trapstreet.app.clock import now
from trapstreet.app.search import SourceText, matcher_of, texts
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.ports import Progress
from trapstreet.index import Lookup
from trapstreet.keys.files import write_private
from trapstreet.keys.sealing import seal
from trapstreet.render.dossier import Circumstances, Leak, dossier
from trapstreet.store import catalogue, recipients
from trapstreet.trace import Trace, trace


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace with what was examined: the leak's texts, what could not be read, how large each data set is,
    and what was searched for."""

    trace: Trace
    lookup: Lookup = field(repr=False)
    leaks: tuple[Leak, ...]
    unread: tuple[Unread, ...]
    rows: dict[str, int]

    def document(self, names: dict[str, str]) -> dict[str, object]:
        """The answer as JSON; recipients only where they were unmasked."""
        results = msgspec.to_builtins(self.trace.data_sets)
        for result in results:
            dating = result.pop("dating")
            result |= {"times": dating["times"], "taken": _taken(dating)}
            for each in result["accused"]:
                if each["copy"] in names:
                    each["recipient"] = names[each["copy"]]
        return {"data_sets": results, "unread": self.unread}


def _taken(dating: Mapping[str, Any]) -> dict[str, object] | None:
    """The window in which the leak was current; how many agreed before and after is for the dossier."""
    if dating["times"] != "one":
        return None
    window = {"from": _iso(dating["begin"]), "to": _iso(dating["end"])}
    return window | {name: dating[name] for name in ("agree", "versions")}


def _iso(microseconds: int | None) -> str | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()


def trace_leak(workspace: Workspace, locations: Sequence[str], *, progress: Progress) -> Traced:
    """The texts at the locations judged as one leak."""
    read = _Reading(texts(locations, progress))
    lookup, matcher = matcher_of(workspace)
    result = trace(read, lookup=lookup, matcher=matcher, bound=workspace.settings.trace.bound)
    rows = {each.name: catalogue.latest(each).rows for each in catalogue.data_sets()}
    leaks = tuple(Leak(printable(each.path), each.sha256, each.size) for each in read.texts)
    return Traced(result, lookup, leaks, tuple(read.unread), rows)


def unmasked(workspace: Workspace, traced: Traced, reason: str) -> dict[str, str]:
    """The recipients of the accused copies by copy; that they were looked at, and why, is in the log
    first."""
    copies = [each.copy for result in traced.trace.data_sets for each in result.accused]
    names = {copy: recipients.of_copy(copy, workspace.ring) for copy in copies}
    if names:
        sealed = seal(workspace.ring.derive("reasons"), reason.encode(), aad=b"unmask")
        with workspace.writing():
            workspace.record({"event": "unmask", "copies": list(names), "reason": sealed, "time": now()})
    return names


def write_dossier(path: Path, traced: Traced, names: dict[str, str]) -> None:
    """The dossier in a new file that only its owner may read."""
    about = Circumstances(
        made_at=now(),
        leaks=traced.leaks,
        unread=[(each.path, each.why) for each in traced.unread],
        rows=traced.rows,
        recipients=names,
    )
    write_private(path, dossier(traced.trace, about).encode())


class _Reading:
    """Passes texts on and remembers them, and what could not be read."""

    def __init__(self, parts: Iterator[SourceText | Unread]) -> None:
        self._parts = parts
        self.texts: list[SourceText] = []
        self.unread: list[Unread] = []

    def __iter__(self) -> Iterator[SourceText]:
        for part in self._parts:
            if isinstance(part, Unread):
                self.unread.append(Unread(printable(part.path), part.why))
            else:
                self.texts.append(part)
                yield part
