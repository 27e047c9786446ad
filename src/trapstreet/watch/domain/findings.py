"""What was found of a data set in one object, and whether it is worth telling."""

import re
from collections import Counter

import msgspec

from trapstreet.core.fields import Kind, kinds
from trapstreet.index import Joined, Lookup, Seen

_HIDDEN = re.compile(r"(?<=\w)[^\W\d_]|(?<!\w)[^\W\d_](?!\w\w)")  # all letters but the first of longer words


class Finding(msgspec.Struct, frozen=True):
    """Our data seen at a source.

    records   leaked records: at least two different fields of one record near each other, each record once
    singles   values of ours that stand in no such record, by kind
    fields    how many of the records show each kind
    decoys    how many decoys of copies are among what was found
    excerpts  a few of the places, masked
    """

    source: str
    path: str
    data_set: str
    records: int
    singles: dict[Kind, int]
    fields: dict[Kind, int]
    decoys: int
    excerpts: list[str]
    sha256: str


def found(joined: Joined, lookup: Lookup) -> tuple[int, dict[Kind, int], dict[Kind, int], int] | None:
    """(records, singles, fields, decoys) of a data set in an object; None where it is not worth a finding.

    A record, a decoy, or a value of a kind that is rare enough by itself (e-mail, IBAN, card) is. Phone and
    reference numbers alone are not: foreign numbers equal ours by chance.
    """
    fields = Counter(kind for seen in joined.records.values() for kind in seen.near)
    singles = Counter(kind for seen in joined.singles.values() for kind in seen.anchors)
    decoys = sum(lookup.owners[owner].copy != "" and _certain(seen) for (owner, _), seen in joined.states())
    if not joined.records and not decoys and not any(kinds()[kind].alone for kind in singles):
        return None
    return len(joined.records), _sorted(singles), _sorted(fields), decoys


def _certain(seen: Seen) -> bool:
    return bool(seen.pairs) or any(kinds()[kind].alone for kind in seen.anchors)


def _sorted(counts: Counter[Kind]) -> dict[Kind, int]:
    return {kind: counts[kind] for kind in sorted(counts)}


def masked(value: bytes) -> str:
    """The shape of a value without the value: the first letter of longer words, the last two digits, no
    more."""
    text = "".join(ch if ch.isprintable() else "?" for ch in value.decode("utf-8", "replace"))
    digits = sum(map(str.isdigit, text))
    shown = _HIDDEN.sub("*", text)
    kept = iter(range(digits))
    return re.sub(
        r"\d", lambda match: match.group() if next(kept) >= max(0, digits - 2) and digits > 4 else "*", shown
    )
