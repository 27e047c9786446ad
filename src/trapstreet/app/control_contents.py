"""What a control record holds, and whether a text is one."""

import io
from functools import partial

from trapstreet.app.source_text import SourceText
from trapstreet.app.watched_texts import Search
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Ref, SourceObject, Unread
from trapstreet.core.model.table import cell_text
from trapstreet.core.ports import Source
from trapstreet.plugins.formats import Text, read
from trapstreet.store import plantings
from trapstreet.store.leases import clock
from trapstreet.store.models import ControlRecord, Planting
from trapstreet.watch.domain.control import content, is_content, shows_only_decoys

_LARGEST = 1 << 20
_RARE = 1e-12
"""Chance shows it once in a thousand times in a billion texts: it is found then, too."""


def content_of(workspace: Workspace, planting: Planting, at: int) -> bytes:
    """What it holds that is written at a time (Unix µs)."""
    return content(*_cells(workspace, planting), at=at)


def holds(workspace: Workspace, control: ControlRecord, source: Source, ref: Ref) -> bool:
    """Whether an object of a source is the control record as it was written at some time: a registry that was
    restored does not know the last one. Raises OSError."""
    assert control.planting is not None  # noqa: S101 - it is a written one
    columns, rows = _cells(workspace, control.planting)
    for each in read(SourceObject("", ref.path, ref.size, partial(source.open, ref))):
        if not isinstance(each, Unread) and is_content(_beginning(each), columns, rows):
            return True
    return False


def refuse_unfound(workspace: Workspace, planting: Planting) -> None:
    """Raises UnusableInput where its decoys would not be told from chance, were they found at a source."""
    written = content_of(workspace, planting, clock())
    lying = SourceObject("", "control.csv", len(written), lambda: io.BytesIO(written))
    parts = (each if isinstance(each, Unread) else SourceText("", each) for each in read(lying))
    found = Search(workspace)(parts)[0].findings
    own = [each for each in found if shows_only_decoys(each, (planting.id,))]
    if not any(each.certain or each.p_value <= _RARE for each in own):
        raise UnusableInput(
            f"a few decoys of {planting.data_set.name if planting.data_set else ''} alone would not be found",
            hint="take another data set with --data-set: one with e-mail addresses",
        )


def _cells(workspace: Workspace, planting: Planting) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of its decoys."""
    (_, columns), *_ = plantings.laid_of(planting)
    rows, *_ = plantings.rows_of(planting, workspace.ring)
    return columns, [[cell_text(cell) or "" for cell in row] for row in rows]


def _beginning(text: Text) -> bytes:
    """All of a text that is no larger than a control record."""
    found = b""
    for chunk in text.chunks:
        found += chunk
        if len(found) > _LARGEST:
            break
    return found
