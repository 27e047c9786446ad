"""What a proof proves, and what it takes on trust, in plain words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import floor, log10

from trapstreet.core.fields import kinds
from trapstreet.core.model.objects import printable
from trapstreet.proof import Accused, Checked, Claims, Judged, Proof

_NAMED = 5


def proof_lines(proof: Proof, checked: Checked, *, expected_key: bool, recounted: bool) -> Iterator[str]:
    """What is proved, in sentences, then what is taken on trust."""
    claims = proof.claims
    yield f"The proof holds. It was made on {_day(claims.time)} by {printable(claims.by)}."
    known = "which is the one expected" if expected_key else "to be compared with the one that was published"
    yield f"Log key: {printable(proof.log.key)}, {known}."
    yield from _leak(claims)
    for data_set in claims.data_sets:
        for each in data_set.accused:
            yield from _accusation(each, checked.accused[each.copy])
    yield (
        f"Each is within its share of the bound: the chance that any innocent copy is accused like this is "
        f"at most {_chance(log10(float(claims.bound)))}."
    )
    if checked.any_number:
        yield (
            f"That would hold for {checked.entries:,} copies too, as many as the log has entries: their "
            "number need not be believed."
        )
    yield "Taken on trust:"
    for trust in trusts(proof, checked, expected_key=expected_key, recounted=recounted):
        yield f"  - {trust}"


def trusts(proof: Proof, checked: Checked, *, expected_key: bool, recounted: bool) -> list[str]:
    """What the proof cannot show, each in one sentence."""
    claims = proof.claims
    found = [] if expected_key else ["that the log key is the workspace's: compare it, or pass --log-key"]
    if not checked.any_number:
        found.append(
            f"that {_copies(claims)} were handed out, of at most {proof.log.proof.index:,} that the log has "
            "room for, and that the shares of the bound add up to the whole"
        )
    found.append("how many decoys the other copies have")
    if recounted:
        found.append(
            "which fields the leak's real records show, and that no real record has the values of the hits"
        )
    else:
        found.append(
            "that the decoys are in the leak, and what else was counted there: name the leak's files to "
            "have it read again"
        )
    return [
        *found,
        "that rows were linked to records, and columns to kinds and layouts, as they should be",
        "that whoever has the log's key did not write it anew: compare it with a checkpoint from before",
        "that the copy's decoys were drawn at random under its key, worth as many bits as it committed to",
        "that a copy went to the recipient whom the workspace's owner names",
        "that nobody who had the copy's file, its decoys or the keys wrote them into the leak to blame it",
    ]


def document(proof: Proof, checked: Checked) -> list[dict[str, object]]:
    """The accused copies as JSON."""
    return [
        {
            "copy": printable(each.copy),
            "data_set": printable(data_set.id),
            "hits": found.hits,
            "of": found.of,
            "fields": each.fields,
            "chance": found.chance,
            "log10_p": found.stated,
        }
        for data_set in proof.claims.data_sets
        for each in data_set.accused
        for found in [checked.accused[each.copy]]
    ]


def _leak(claims: Claims) -> Iterator[str]:
    for text in claims.leak[:_NAMED]:
        yield f"Leak: {printable(text.name)}, {text.size:,} bytes, SHA-256 {text.sha256}."
    if len(claims.leak) > _NAMED:
        yield f"Leak: and {len(claims.leak) - _NAMED:,} more texts."


def _accusation(each: Accused, found: Judged) -> Iterator[str]:
    fields = " and ".join(kinds()[kind].title for kind in each.fields)
    yield (
        f"Copy {printable(each.copy)}, fixed in the log on {_day(each.issued)}, took part: {found.hits:,} of "
        f"its {found.of:,} decoys are in the leak, by {fields}."
    )
    yield f"An innocent copy would show that many with a chance of at most {_chance(found.stated)}."


def _copies(claims: Claims) -> str:
    return "1 copy" if claims.copies == 1 else f"{claims.copies:,} copies"


def _chance(log10_p: float) -> str:
    """A probability as a power of ten, never smaller than it is."""
    return f"1 in 10^{floor(-log10_p + 1e-9)}"


def _day(microseconds: int) -> str:
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs after 1970"
