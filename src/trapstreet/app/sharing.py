"""Sharing wired to the workspace: the source opened again, the file written, the inventory sealed."""

from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.ports import Progress
from trapstreet.decoys import DecoySettings
from trapstreet.plugins.tables import create_table, open_table
from trapstreet.register import Asked, register
from trapstreet.share import Copied, Outside, Recipients, share
from trapstreet.store import catalogue, recipients
from trapstreet.store.copies import NewRecipient
from trapstreet.store.models import DataSet


def share_copy(
    workspace: Workspace,
    data_set: DataSet,
    *,
    recipient: str | NewRecipient,
    out: Path,
    decoys: int | None,
    new_version: bool,
    progress: Progress,
) -> Copied:
    """A copy for a known recipient (a pseudonym) or a new one. The workspace must be held for writing."""
    table = open_table(data_set.source)
    writer = create_table(out, like=table)
    if new_version:
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
        data_set = catalogue.data_set_named(data_set.name)
    if isinstance(recipient, NewRecipient):  # unless another command was quicker
        names = Recipients(recipients.names(workspace.ring))
        recipient = names.same(recipient.name.reveal()) or recipient
    settings = workspace.settings.decoys
    return share(
        table,
        data_set,
        recipient=recipient,
        decoys=decoys,
        settings=DecoySettings(settings.domains, settings.phones),
        bound=workspace.settings.trace.bound,
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        outside=Outside(
            create=lambda: writer,
            seal=lambda copy, content: workspace.write_inventory(f"copy-{copy}", content),
        ),
        now=now(),
        progress=progress,
    )
