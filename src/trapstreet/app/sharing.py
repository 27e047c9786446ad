"""Sharing wired to the workspace: the source opened again, the file written, the inventory sealed."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.packed import open_table
from trapstreet.app.search import shelf_of
from trapstreet.app.settings import FILE_NAME, ShareSection, read_marks, read_share
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import DecoySettings
from trapstreet.plugins.tables import create_table
from trapstreet.register import Asked, register
from trapstreet.share import (
    Copied,
    Outside,
    Recipients,
    Refreshed,
    Terms,
    Writer,
    plan_copies,
    refresh,
    share,
)
from trapstreet.share.domain.plan import Plan
from trapstreet.store import catalogue, recipients
from trapstreet.store.copies import NewRecipient
from trapstreet.store.models import Copy, DataSet


def share_copy(
    workspace: Workspace,
    data_set: DataSet,
    *,
    recipient: str | NewRecipient,
    out: str | Path,
    terms: Terms,
    new_version: bool = False,
    progress: Progress,
) -> Copied:
    """A copy for a known recipient (a pseudonym) or a new one. The workspace must be held for writing.

    `share` reads the source twice; a destination whose columns have types (a database, Parquet) reads it once
    more to choose them, unless the source is of its kind or all of its columns are text.
    """
    table = open_table(data_set.source)
    writer = create_table(out, like=table)
    if new_version:
        data_set = registered_anew(workspace, data_set, table, progress)
    if isinstance(recipient, NewRecipient):  # unless another command was quicker
        names = Recipients(recipients.names(workspace.ring))
        recipient = names.same(recipient.name.reveal()) or recipient
    settings = workspace.settings.decoys
    return share(
        table,
        data_set,
        recipient=recipient,
        terms=_with_settings(workspace, data_set, terms),
        settings=DecoySettings(settings.domains, settings.phones, workspace.settings.trap.urls),
        bound=workspace.settings.trace.bound,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        outside=_outside(workspace, writer),
        now=now(),
        progress=progress,
    )


def plan_for(workspace: Workspace, data_set: DataSet, *, terms: Terms, progress: Progress) -> Plan:
    """What copies with these terms would prove; nothing is written."""
    settings = workspace.settings.decoys
    return plan_copies(
        open_table(data_set.source),
        data_set,
        terms=_with_settings(workspace, data_set, terms),
        settings=DecoySettings(settings.domains, settings.phones, workspace.settings.trap.urls),
        bound=workspace.settings.trace.bound,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        progress=progress,
    )


def refresh_copy(
    workspace: Workspace,
    copy: Copy,
    *,
    out: str | Path,
    expires_at: int | None,
    new_version: bool,
    progress: Progress,
) -> Refreshed:
    """A copy as its table is now. The workspace must be held for writing.

    Raises UnusableInput where the copy was withdrawn or has expired, before anything is registered.
    """
    table = open_table(copy.data_set.source)
    writer = create_table(out, like=table)
    if copy.withdrawn_at is not None:
        raise UnusableInput(f"copy {copy.id} was withdrawn", hint="hand out a new one with trapstreet share")
    if copy.expires_at is not None and copy.expires_at <= now() and expires_at is None:
        raise UnusableInput(f"copy {copy.id} has expired", hint="pass --expires with a day that is to come")
    if new_version:
        copy.data_set = registered_anew(workspace, copy.data_set, table, progress)
    return refresh(
        table,
        copy,
        expires_at=expires_at,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        outside=_outside(workspace, writer),
        now=now(),
        progress=progress,
    )


def registered_anew(workspace: Workspace, data_set: DataSet, table: Table, progress: Progress) -> DataSet:
    """The data set with its source registered as it is now."""
    register(
        table,
        data_set.name,
        source=data_set.source,
        asked=Asked(),
        keys=workspace.ring,
        shelf=shelf_of(workspace),
        now=now(),
        progress=progress,
    )
    return catalogue.data_set_named(data_set.name)


def _outside(workspace: Workspace, writer: AbstractContextManager[Writer]) -> Outside:
    return Outside(
        create=lambda: writer,
        seal=lambda copy, content: workspace.write_inventory(f"copy-{copy}", content),
    )


def refuse_unknown_shares(workspace: Workspace) -> None:
    """Raises UnusableInput where the settings say what copies of a data set are like that nobody knows."""
    known = {each.name for each in catalogue.data_sets()}
    for name in workspace.settings.share:
        if name not in known:
            raise UnusableInput(
                f"{FILE_NAME}: [share.{name}] is about no data set",
                hint=f"registered are: {', '.join(known)}",
            )


def _with_settings(workspace: Workspace, data_set: DataSet, terms: Terms) -> Terms:
    """What is asked for, and what the settings say of the rest."""
    refuse_unknown_shares(workspace)
    section = workspace.settings.share.get(data_set.name, ShareSection())
    withheld = read_share(section.withhold, where=FILE_NAME) if terms.withheld is None else terms.withheld
    marks = read_marks(section.marks, where=FILE_NAME) if terms.marks is None else terms.marks
    return replace(terms, withheld=withheld, marks=marks)
