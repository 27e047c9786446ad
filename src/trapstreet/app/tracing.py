"""Tracing wired to the workspace: leaks read, recipients unmasked on the record, the dossier written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, count
from math import pi
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.app.clock import now
from trapstreet.app.packed import open_table
from trapstreet.app.passwords import Passwords
from trapstreet.app.search import matcher_of, texts
from trapstreet.app.source_text import SourceText
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Progress
from trapstreet.index import Lookup
from trapstreet.keys.files import refuse_taken, write_private
from trapstreet.keys.sealing import seal
from trapstreet.plugins.tables import create_table, format_to_write
from trapstreet.render.dossier import Circumstances, Leak, dossier
from trapstreet.share import batches_of_records, rows_of_records
from trapstreet.store import catalogue, log, plantings, recipients
from trapstreet.store.models import DataSet
from trapstreet.trace import Trace, trace

U64 = NDArray[np.uint64]

_A_MOMENT = 3.0
"""Seconds to wait for another command before a note is left out."""

_LONGEST_NAME = 40
"""Characters of a data set's name in that of a file: file systems take 255 bytes in all."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace with what was examined: the leak's texts, what could not be read, how large each data set is,
    what was searched for, and which look at its case this was."""

    trace: Trace
    lookup: Lookup = field(repr=False)
    leaks: tuple[Leak, ...]
    unread: tuple[Unread, ...]
    rows: dict[str, int]
    look: int | None = None

    def document(self, names: dict[str, str]) -> dict[str, object]:
        """The answer as JSON; recipients only where they were unmasked."""
        results = msgspec.to_builtins(self.trace.data_sets)
        for result in results:
            dating = result.pop("dating")
            result |= {"times": dating["times"], "taken": _taken(dating)}
            for each in result["accused"]:
                if each["copy"] in names:
                    each["recipient"] = names[each["copy"]]
        document: dict[str, object] = {"data_sets": results, "unread": self.unread}
        return document | ({"look": self.look} if self.look else {})


@dataclass(frozen=True, slots=True)
class Affected:
    """The customers of a data set whose records leaked: in this file those that the source holds, and how
    many it holds no longer; or why there is no such file."""

    data_set: str
    path: Path | None = None
    held: int = 0
    gone: int = 0
    why: str = ""


def _taken(dating: Mapping[str, Any]) -> dict[str, object] | None:
    """The window in which the leak was current; how many agreed before and after is for the dossier."""
    if dating["times"] != "one":
        return None
    window = {"from": _iso(dating["begin"]), "to": _iso(dating["end"])}
    return window | {name: dating[name] for name in ("agree", "versions")}


def _iso(microseconds: int | None) -> str | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()


def trace_leak(
    workspace: Workspace,
    locations: Sequence[str],
    *,
    case: str | None = None,
    passwords: Passwords = (),
    progress: Progress,
) -> Traced:
    """The texts at the locations judged as one leak.

    passwords  are tried where something is encrypted
    case  under which this look is counted: its n-th look has 6 / (π n)² of the bound, so that all looks
          together keep it
    Planted decoys that the leak shows are touched from then on.
    """
    parts = texts(locations, progress, passwords=passwords)
    return trace_texts(workspace, parts, look=count_look(workspace, case) if case else None)


def trace_texts(
    workspace: Workspace, parts: Iterator[SourceText | Unread], *, look: int | None = None
) -> Traced:
    """Texts, with what could not be read, judged as one leak; `look` as in `count_look`."""
    read = _Reading(parts)
    lookup, matcher = matcher_of(workspace)
    bound = workspace.settings.trace.bound * (6 / (pi * look) ** 2 if look else 1)
    result = trace(
        read,
        lookup=lookup,
        matcher=matcher,
        ring=workspace.ring,
        reread=lambda data_set, record_ids: _reread(workspace, read, data_set, record_ids),
        bound=bound,
    )
    _touch(workspace, result)
    rows = {each.name: catalogue.latest(each).rows for each in catalogue.data_sets()}
    leaks = tuple(Leak(printable(each.path), each.sha256, each.size) for each in read.texts)
    return Traced(result, lookup, leaks, tuple(read.unread), rows, look)


def _touch(workspace: Workspace, result: Trace) -> None:
    """Planted decoys that a leak shows are touched; where the workspace cannot be written to, the answer is
    worth more than the note."""
    if not result.touched:
        return
    with suppress(TrapstreetError, OSError), workspace.writing(wait=_A_MOMENT):
        for planting, record_ids in result.touched.items():
            plantings.touch(planting, record_ids, ring=workspace.ring, at=now())


def count_look(workspace: Workspace, case: str) -> int:
    """Which look at the case this is, from 1 on; it is in the log before anything is read."""
    digest = workspace.ring.derive("case", case)[:16]
    with workspace.writing():
        before = sum(
            entry.get("event") == "look" and entry.get("case") == digest for entry in log.all_entries()
        )
        workspace.record({"event": "look", "case": digest, "time": now()})
    return before + 1


def refuse_outputs(*files: Path | None, customers: Path | None) -> None:
    """Raises UnusableInput, or Unreachable, unless each file that is asked for can be a new one, and the
    customers' can be whichever data sets a leak shows."""
    asked = [file for file in files if file]
    if customers:
        format_to_write(customers, label=str(customers))
        asked += [customers, *_customer_files(customers).values()]
    if len({file.resolve() for file in asked}) < len(asked):
        raise UnusableInput("two files of one name are asked for", hint="give each a name of its own")
    for file in asked:
        refuse_taken(file)
        if not file.absolute().parent.is_dir():
            raise Unreachable(f"there is no folder {file.parent}", hint="make it, or choose another place")


def _customer_files(path: Path) -> dict[str, Path]:
    """Per data set of the workspace a file beside the path, named after both: what is no letter or digit is
    a hyphen in it, and of names that come out equal those after the first are numbered."""
    files: dict[str, Path] = {}
    taken: set[str] = set()
    for data_set in catalogue.data_sets():
        safe = re.sub(r"[\W_]", "-", data_set.name)[:_LONGEST_NAME]
        numbered = chain([safe], (f"{safe}-{number}" for number in count(2)))
        name = next(each for each in numbered if each.casefold() not in taken)
        taken.add(name.casefold())
        files[data_set.name] = path.with_stem(f"{path.stem}-{name}")
    return files


def write_customers(workspace: Workspace, traced: Traced, path: Path, reason: str) -> list[Affected]:
    """The rows of the sources that leaked, one new file for each data set, in the source's own style; that
    they were asked for, and why, is in the log first.

    With several data sets the files are named after them. Where a source cannot be read, or a file cannot be
    written, why is said instead.
    """
    results = list(zip(traced.trace.data_sets, traced.trace.affected, strict=True))
    sealed = seal(workspace.ring.derive("reasons"), reason.encode(), aad=b"customers")
    if results:
        with workspace.writing():
            names = [result.data_set for result, _ in results]
            workspace.record({"event": "customers", "data_sets": names, "reason": sealed, "time": now()})
    files = _customer_files(path)
    written = []
    for result, record_ids in results:
        file = path if len(results) == 1 else files[result.data_set]
        try:
            held = _write_rows(workspace, result.data_set, record_ids, file)
        except TrapstreetError as error:
            written.append(Affected(result.data_set, why=str(error)))
        else:
            written.append(Affected(result.data_set, file, held, len(record_ids) - held))
    return written


def _write_rows(workspace: Workspace, name: str, record_ids: U64, file: Path) -> int:
    """The rows that the source of a data set holds of the records, in a new file; how many there are."""
    data_set = catalogue.data_set_named(name)
    table = open_table(data_set.source)
    held = 0
    with create_table(file, like=table) as out:
        for found, batch in batches_of_records(table, data_set, record_ids, ring=workspace.ring):
            out.write(batch)
            held += len(found)
        out.complete()
    return held


def _reread(workspace: Workspace, read: "_Reading", data_set: str, record_ids: U64) -> dict[int, Row]:
    """The rows of these records as the source has them; none, and a remark, where it cannot be read."""
    known = DataSet.objects.get(id=data_set)
    try:
        table = open_table(known.source)
        return dict(rows_of_records(table, known, record_ids, ring=workspace.ring))
    except TrapstreetError as error:
        why = f"so the marks of its copies are not read: {error.message}"
        read.unread.append(Unread(f"the source of {known.name!r}", why))
        return {}


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
                self.unread.append(part.printable())
            else:
                self.texts.append(part)
                part.will_tell()
                yield part
                part.trail.forget()
