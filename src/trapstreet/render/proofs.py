"""What a proof proves, and what it takes on trust, in plain words."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import floor, log10
from operator import itemgetter

from trapstreet.core.fields import kinds
from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.proof import (
    Accused,
    Checked,
    Claims,
    CodeJudged,
    Judged,
    LayerJudged,
    MarkJudged,
    MarksJudged,
    OwnDecoys,
    OwnJudged,
    Proof,
)

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
    accused = [each for data_set in claims.data_sets for each in data_set.accused]
    if any(each.own for each in accused):
        found += _trusts_of_own_decoys(recounted=recounted)
    if any(each.code or each.marks for each in accused):
        found += _TRUSTS_OF_CODES
    return [
        *found,
        "that rows were linked to records, and columns to kinds and layouts, as they should be",
        "that whoever has the log's key did not write it anew: compare it with a checkpoint from before",
        "that the copy's code key was drawn at random, and its decoys under it, worth the bits committed to",
        "that a copy went to the recipient whom the workspace's owner names",
        "that nobody who had the copy's file, its decoys or the keys wrote them into the leak to blame it",
    ]


_TRUSTS_OF_CODES = [
    (
        "which records and shared decoys the leak shows, and which spellings where cells are marked: "
        "RecordIds are made with the workspace's key"
    ),
    (
        "how many records the copies could hold, and how many decoys of one copy alone the leak shows: they "
        "decide how codes are scored, not how rare a score is, as long as no code was looked at for them"
    ),
    (
        "that a copy which is accused without its code, and beside which another was found, was handed out "
        "of the same versions as that"
    ),
]


def _trusts_of_own_decoys(*, recounted: bool) -> list[str]:
    others = "how many decoys the other copies have, shared ones among them"
    if recounted:
        seen = "which fields the leak's real records show, and that no real record has the values of the hits"
    else:
        seen = (
            "that the decoys are in the leak, and what else was counted there: name the leak's files to "
            "have it read again"
        )
    return [others, seen]


def document(proof: Proof, checked: Checked) -> list[dict[str, object]]:
    """The accused copies as JSON, the strongest evidence of each first."""
    return [
        {
            "copy": printable(each.copy),
            "data_set": printable(data_set.id),
            "evidence": sorted(_evidence(each, checked.accused[each.copy]), key=itemgetter("log10_p")),
        }
        for data_set in proof.claims.data_sets
        for each in data_set.accused
    ]


def _evidence(each: Accused, found: Judged) -> Iterator[dict[str, object]]:
    if each.own and found.own:
        yield {
            "kind": "unique decoys",
            "hits": found.own.hits,
            "of": found.own.of,
            "fields": each.own.fields,
            "chance": found.own.chance,
            "log10_p": found.own.stated,
        }
    if found.marks:
        layers = [
            mark._asdict() | {"mark": printable(mark.mark), "column": printable(mark.column)}
            for mark in found.marks.marks
        ]
        yield {"kind": "marks", "layers": layers, "log10_p": found.marks.stated}
    if found.code:
        yield {
            "kind": "code",
            "layers": [
                {name: getattr(layer, name) for name in ("kind", "chance", "positions", "shown", "held")}
                for layer in found.code.layers
            ],
            "leaked": found.code.leaked,
            "log10_p": found.code.stated,
        }


def _leak(claims: Claims) -> Iterator[str]:
    for text in claims.leak[:_NAMED]:
        yield f"Leak: {printable(text.name)}, {text.size:,} bytes, SHA-256 {text.sha256}."
    if len(claims.leak) > _NAMED:
        yield f"Leak: and {counted(len(claims.leak) - _NAMED, 'more text')}."


def _accusation(each: Accused, found: Judged) -> Iterator[str]:
    yield f"Copy {printable(each.copy)}, fixed in the log on {_day(each.issued)}, took part."
    if each.own and found.own:
        yield from _by_decoys(each.own, found.own)
    if found.code:
        shown = [_layer(layer, found.code.leaked) for layer in found.code.layers if layer.shown]
        yield from _by_code("code", shown, found.code)
    if found.marks:
        yield from _by_code("marks", map(_mark, found.marks.marks), found.marks)


def _by_decoys(claimed: OwnDecoys, found: OwnJudged) -> Iterator[str]:
    fields = " and ".join(kinds()[kind].title for kind in claimed.fields)
    yield (
        f"By its decoys: of the {found.of:,} that it alone has the leak shows {found.hits:,}, by {fields}. "
        f"An innocent copy would show that many with a chance of at most {_chance(found.stated)}."
    )


def _by_code(what: str, shown: Iterable[str], found: CodeJudged | MarksJudged) -> Iterator[str]:
    yield (
        f"By its {what}: {'; '.join(shown)}. An innocent copy would agree so well with a chance of at most "
        f"{_chance(found.stated)}."
    )


def _mark(mark: MarkJudged) -> str:
    return (
        f"it spells {mark.agree:,} of {counted(mark.cells, 'cell')} in '{printable(mark.column)}' as the "
        f"leak does, where an innocent copy does about {mark.expected:,.0f}"
    )


def _layer(layer: LayerJudged, leaked: int) -> str:
    expected = layer.shown * layer.chance
    if layer.kind == "shared decoys":
        return (
            f"it has {layer.held:,} of the {counted(layer.shown, 'shared decoy')} in the leak, where an "
            f"innocent copy has about {expected:,.0f}"
        )
    part = f" shown here, of {leaked:,}" if leaked > layer.shown else ""
    return (
        f"it lacks {layer.shown - layer.held:,} of the {counted(layer.shown, 'leaked row')}{part}, where an "
        f"innocent copy lacks about {layer.shown - expected:,.0f}"
    )


def _copies(claims: Claims) -> str:
    return counted(claims.copies, "copy", "copies")


def _chance(log10_p: float) -> str:
    """A probability as a power of ten, never smaller than it is."""
    return f"1 in 10^{floor(-log10_p + 1e-9)}"


def _day(microseconds: int) -> str:
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs after 1970"
