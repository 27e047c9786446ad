"""The rights of a place as they are kept from one time to the next, and two of them brought together.

Kept are doors and memberships, not who can read what: a server of 10,000 tables and 5,000 roles has 50
million such pairs. Sets, names and grants stand there once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from trapstreet.core.model.rights import (
    Bits,
    Door,
    Grant,
    How,
    Membership,
    Principal,
    Resource,
    Rights,
    Rows,
)

FORMAT = 1

_LEVEL = 6
"""Of zstd: three times as fast as what would be a tenth smaller."""
_AT_ONCE = 2_000
"""Sets that are renumbered together: of 5,000 principals 10 MB."""


class _Door(msgspec.Struct, array_like=True):
    resource: int | None
    how: str
    opens: int
    grants: tuple[int, ...]
    enters: int
    rows: str
    columns: tuple[bytes, ...]
    sure: bool
    could: bool


class _Kept(msgspec.Struct, array_like=True):
    """Texts are bytes, since names of files may be anything; sets and grants are numbers of their lists."""

    format: int
    place: bytes
    edition: str
    what: tuple[str, str]
    who: tuple[str, str]
    principals: list[tuple[bytes, bool, str]]
    memberships: list[tuple[int, int, bool, bool, bool]]
    makes: list[tuple[int, int, str]]
    resources: list[tuple[tuple[bytes, ...], str, int | None]]
    sets: list[bytes]
    grants: list[tuple[bytes, int]]
    doors: list[_Door]
    notes: list[bytes]
    unknown: list[bytes]
    unread: list[tuple[bytes, ...]]


class _Numbers:
    """Numbers for what comes again and again."""

    def __init__(self) -> None:
        self.known: dict[object, int] = {}

    def of(self, each: object) -> int:
        return self.known.setdefault(each, len(self.known))


def packed(rights: Rights) -> bytes:
    """The rights in a form that is kept."""
    import zstandard

    sets, grants = _Numbers(), _Numbers()

    def grant(each: Grant) -> int:
        return grants.of((bytes_of(each.what), sets.of(each.to)))

    doors = [
        _Door(
            each.resource,
            each.how.value,
            sets.of(each.opens),
            tuple(map(grant, each.grants)),
            sets.of(each.enters),
            each.rows.value,
            tuple(map(bytes_of, each.columns)),
            each.sure,
            each.could,
        )
        for each in rights.doors
    ]
    kept = _Kept(
        FORMAT,
        bytes_of(rights.place),
        rights.edition,
        rights.what,
        rights.who,
        [(bytes_of(each.name), each.logs_in, each.note) for each in rights.principals],
        [(each.member, each.group, each.inherits, each.becomes, each.admits) for each in rights.memberships],
        [(sets.of(who), sets.of(of), what) for who, of, what in rights.makes],
        [(tuple(map(bytes_of, each.path)), each.kind, each.records) for each in rights.resources],
        [_set_bytes(each) for each in sets.known],  # type: ignore[arg-type]
        list(grants.known),  # type: ignore[arg-type]
        doors,
        [*map(bytes_of, rights.notes)],
        [*map(bytes_of, rights.unknown)],
        [tuple(map(bytes_of, each)) for each in rights.unread],
    )
    data = msgspec.msgpack.encode(kept)
    msgspec.msgpack.decode(data, type=_Kept)  # what does not come back is seen now, and not next time
    return zstandard.ZstdCompressor(level=_LEVEL).compress(data)


def unpacked(data: bytes) -> Rights:
    """The rights that `packed` made into these bytes."""
    import zstandard

    kept = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data), type=_Kept)
    sets = [int.from_bytes(each, "little") for each in kept.sets]
    grants = [Grant(text_of(what), sets[to]) for what, to in kept.grants]
    hows, rows = {each.value: each for each in How}, {each.value: each for each in Rows}
    return Rights(
        place=text_of(kept.place),
        edition=kept.edition,
        what=kept.what,
        who=kept.who,
        principals=[Principal(text_of(name), logs_in, note) for name, logs_in, note in kept.principals],
        memberships=[
            Membership(member, group, inherits=inherits, becomes=becomes, admits=admits)
            for member, group, inherits, becomes, admits in kept.memberships
        ],
        makes=[(sets[who], sets[of], what) for who, of, what in kept.makes],
        resources=[
            Resource(tuple(map(text_of, path)), kind, records) for path, kind, records in kept.resources
        ],
        doors=[
            Door(
                each.resource,
                hows[each.how],
                sets[each.opens],
                tuple(grants[number] for number in each.grants),
                sets[each.enters],
                rows[each.rows],
                tuple(map(text_of, each.columns)),
                each.sure,
                each.could,
            )
            for each in kept.doors
        ],
        notes=[*map(text_of, kept.notes)],
        unknown=[*map(text_of, kept.unknown)],
        unread=[tuple(map(text_of, each)) for each in kept.unread],
    )


def as_numbered(rights: Rights, like: Sequence[Principal]) -> Rights:
    """The same rights, their principals numbered as in `like`; those that are not in it come after. Those of
    `like` that are not there have no rights and do not log in."""
    own, numbers = _keys(rights.principals), {key: n for n, key in enumerate(_keys(like))}
    after = [each for key, each in zip(own, rights.principals, strict=True) if key not in numbers]
    for key in own:
        numbers.setdefault(key, len(numbers))
    places = [numbers[key] for key in own]
    if places == [*range(len(like))]:
        return rights
    principals = [*(Principal(each.name, logs_in=False) for each in like), *after]
    for each, number in zip(rights.principals, places, strict=True):
        principals[number] = each
    sets = {each for door in rights.doors for each in (door.opens, door.enters)}
    sets |= {each.to for door in rights.doors for each in door.grants}
    sets |= {each for who, of, _ in rights.makes for each in (who, of)}
    moved = _moved([*sets], places, len(principals)).__getitem__
    grants: dict[Grant, Grant] = {}

    def grant(each: Grant) -> Grant:
        return grants.get(each) or grants.setdefault(each, Grant(each.what, moved(each.to)))

    return replace(
        rights,
        principals=principals,
        memberships=[
            replace(each, member=places[each.member], group=places[each.group]) for each in rights.memberships
        ],
        makes=[(moved(who), moved(of), what) for who, of, what in rights.makes],
        doors=[
            replace(
                each,
                opens=moved(each.opens),
                enters=moved(each.enters),
                grants=tuple(map(grant, each.grants)),
            )
            for each in rights.doors
        ],
    )


def _keys(principals: Iterable[Principal]) -> list[tuple[str, int]]:
    """What tells principals apart: a user and a group may have one name, and come in this order."""
    seen: dict[str, int] = {}
    keys = []
    for each in principals:
        keys.append((each.name, seen.get(each.name, 0)))
        seen[each.name] = keys[-1][1] + 1
    return keys


def _moved(sets: Sequence[Bits], places: Sequence[int], count: int) -> dict[Bits, Bits]:
    """Each set with its principals at other places."""
    width, moved = (len(places) + 7) // 8, dict[Bits, Bits]()
    at = np.array(places, np.intp)
    for start in range(0, len(sets), _AT_ONCE):
        some = sets[start : start + _AT_ONCE]
        flat = np.frombuffer(b"".join(each.to_bytes(width, "little") for each in some), np.uint8)
        bits = np.unpackbits(flat.reshape(len(some), width), axis=1, bitorder="little", count=len(places))
        wide = np.zeros((len(some), count), np.uint8)
        wide[:, at] = bits
        rows = np.packbits(wide, axis=1, bitorder="little")
        moved |= {each: int.from_bytes(row.tobytes(), "little") for each, row in zip(some, rows, strict=True)}
    return moved


def _set_bytes(bits: Bits) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def bytes_of(text: str) -> bytes:
    """A text as it is kept: names of files may be anything."""
    return text.encode("utf-8", "surrogateescape")


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
