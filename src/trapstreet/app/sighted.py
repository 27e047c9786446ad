"""What is known of uses of decoys, opened for people."""

from datetime import UTC, datetime

import msgspec

from trapstreet.app.working import Seen
from trapstreet.app.workspace import Workspace
from trapstreet.render.sightings import Listed, Shown, sighting_row
from trapstreet.sightings import Label
from trapstreet.store import plantings, sightings
from trapstreet.store.models import Sighting


def listed(workspace: Workspace, *, decoy: str | None = None, since: int = 0) -> Listed:
    """The incidents that lasted until `since` (Unix µs) or longer, the last first, of all decoys or of those
    that `p3`, `p3/17` or `p3/5-9` means. Raises UnusableInput where there are none such."""
    owner, decoys = None, None
    if decoy is not None:
        named = plantings.decoys_named(decoy)
        owner, decoys = named[0].planting_id, {each.at for each in named}
    found = sightings.chosen(owner=owner, decoys=decoys, since=since)
    where = sightings.where({row.owner for row, _ in found})
    day = datetime.fromtimestamp(since // 1_000_000, UTC).date().isoformat()
    return Listed(
        incidents=tuple(_shown(workspace, row, uses, where=where[row.owner]) for row, uses in found),
        uses=sum(uses for _, uses in found),
        background=sightings.background(since=day),
        damaged=sightings.count_damaged(),
    )


def _shown(workspace: Workspace, row: Sighting, uses: int, *, where: str) -> Shown:
    sealed_seen, sealed_why = sightings.seen_of(row, workspace.ring)
    seen = msgspec.msgpack.decode(sealed_seen, type=Seen)
    label = msgspec.msgpack.decode(sealed_why, type=Label)
    return sighting_row(row, uses, where=where, access=seen.place, client=seen.client, label=label)
