"""What is known of uses of decoys, opened for people."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from trapstreet.app.weighing import joint_evidence
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
    owners = {row.owner for row, _ in found}
    where, noisy = sightings.where(owners), sightings.own_traffic()
    day = datetime.fromtimestamp(since // 1_000_000, UTC).date().isoformat()
    background, days = sightings.background(since=day), sightings.background_days(since=day)
    several = {owner for owner, used in _decoys(found).items() if used > 1}
    return Listed(
        incidents=tuple(
            _shown(
                workspace,
                row,
                uses,
                where=where[row.owner],
                own_traffic=row.decoy in noisy.get(row.owner, ()),
            )
            for row, uses in found
        ),
        uses=sum(uses for _, uses in found),
        background=background,
        background_a_day={channel: count / days for channel, count in background.items()},
        damaged=sightings.count_damaged(),
        joint=joint_evidence(workspace, sorted(several)) if several else {},
    )


def _decoys(found: Sequence[tuple[Sighting, int]]) -> Counter[str]:
    """How many decoys of each owner were used."""
    return Counter(owner for owner, _ in {(row.owner, row.decoy) for row, _ in found})


def _shown(workspace: Workspace, row: Sighting, uses: int, *, where: str, own_traffic: bool) -> Shown:
    sealed_seen, sealed_why = sightings.seen_of(row, workspace.ring)
    seen = msgspec.msgpack.decode(sealed_seen, type=Seen)
    label = msgspec.msgpack.decode(sealed_why, type=Label)
    return sighting_row(
        row,
        uses,
        where=where,
        access=seen.place,
        client=seen.client,
        label=label,
        own_traffic=own_traffic,
    )
