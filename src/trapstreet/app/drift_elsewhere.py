"""Changes that were told already when another place was looked at: a server, and one of its databases."""

from collections.abc import Sequence

import msgspec

from trapstreet.access import Drifted
from trapstreet.access.domain.drifted import tells
from trapstreet.cases import drift
from trapstreet.core.model.urls import server_of
from trapstreet.keys.ring import KeyRing
from trapstreet.store import rights
from trapstreet.store.rights import Alerted


def told_elsewhere(place: str, changes: Sequence[tuple[int, Drifted]], ring: KeyRing) -> dict[int, str]:
    """By the number of a change, the alert that it raised at another place of the same server, or of this
    system's folders. Within `cases.raising`.

    changes  each with the time since when it may have come about (Unix µs): an alert from before is another's
    """
    if not changes:
        return {}
    found: dict[int, str] = {}
    others = [
        (each, msgspec.msgpack.decode(each.content, type=Drifted)) for each in _others(place, changes, ring)
    ]
    for number, (since, change) in enumerate(changes):
        for other, by in others:
            as_grave = (drift.severity_of(by) or 0) >= (drift.severity_of(change) or 0)
            if (
                as_grave
                and other.raised_at >= since
                and tells(by, change, all_of=_is_within(place, other.place))
            ):
                found[number] = f"a{other.alert}"
                break
    return found


def server_or_folders(label: str) -> str:
    """The server of a place, "" for folders: they know each other by their whole paths."""
    return server_of(label) if "://" in label else ""


def _others(place: str, changes: Sequence[tuple[int, Drifted]], ring: KeyRing) -> list[Alerted]:
    here = server_or_folders(place)
    others = [each for each in rights.places() if each != place and server_or_folders(each) == here]
    return rights.alerted(others, since=min(since for since, _ in changes), ring=ring)


def _is_within(place: str, other: str) -> bool:
    return place.startswith(f"{other.rstrip('/')}/")
