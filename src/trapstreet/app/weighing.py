"""Joint evidence: the uses of all decoys of an owner, weighed together beside those of all others."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from trapstreet.app.planting import decoy_settings
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.hit import MAIL
from trapstreet.decoys import owned, tokens
from trapstreet.sightings import joint
from trapstreet.store import copies, plantings, sightings
from trapstreet.store.models import Copy, Planting, Pool

_TABLE = GroundTable("", (), (), ())
_heard_by: dict[str, Mapping[str, int]] = {}
"""How many decoys of an owner are heard by a channel. Counted once in a process: that never changes."""


def joint_evidence(workspace: Workspace, owners: Collection[str]) -> dict[str, joint.Joint]:
    """The joint evidence of each of some plantings, copies and pools.

    All decoys that were used are looked at, however often and by however many: 10 µs each. All owners' decoys
    are counted once in a process: 10 µs a decoy.
    """
    listening = list(_listening(workspace))
    uses = list(_uses({each.owner: each.since for each in listening}))
    return joint.evidence(owners, uses, listening)


def _uses(since: Mapping[str, int]) -> Iterator[joint.Use]:
    """The first use that counts of each decoy by each channel; none of decoys that were heard before they
    were there. Later uses of a decoy add no evidence."""
    for each in sightings.used_tokens():
        if each.counted is None or each.first < since.get(each.owner, 0):
            continue
        channel, _, named = each.token.partition(" ")
        decoy = int(named.rpartition("/")[2])
        yield joint.Use(each.counted, _heard_as(channel), each.counted_party, each.owner, decoy)


def _listening(workspace: Workspace) -> Iterator[joint.Listening]:
    laid = sightings.laid_at(None)
    for owner, since in laid.items():
        if owner not in _heard_by:
            _heard_by[owner] = _counted(owner, workspace)
        for channel, decoys in _heard_by[owner].items():
            yield joint.Listening(owner, channel, decoys, since)


def _counted(owner: str, workspace: Workspace) -> Mapping[str, int]:
    ring = workspace.ring
    planting = Planting.objects.filter(id=owner).first()
    if planting is not None:
        known = plantings.tokens_of(planting, ring)
    else:
        row = Copy.objects.filter(id=owner).first() or Pool.objects.get(id=owner)
        known = tokens([_TABLE], [copies.rows_of(row, ring)], owned(decoy_settings(workspace)))
    return Counter(
        channel for channel, _ in {(channel, at) for (channel, _), each in known.items() for at in each}
    )


def _heard_as(channel: str) -> str:
    return "smtp" if channel in MAIL else channel
