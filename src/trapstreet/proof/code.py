"""What the code of a copy comes to: its bits drawn again under the opened code key (docs/attribution.md,
section 12).

The leak's part, which records and shared decoys it shows, is claimed; which of them the copy holds is
computed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from math import ceil, comb, isfinite
from operator import attrgetter
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.codebits import PRESENCE, code_bits
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.core.model.p_table import PoolCode, PTable
from trapstreet.proof.format import Accused, Code, DataSetClaims, DoesNotHold, Positions, step
from trapstreet.proof.positions import U64, different, held, p_table, probability, record_ids


class LayerJudged(NamedTuple):
    """Positions of a copy's code with the same chance of a 1: how many there are, how many of them the leak
    shows, and how many of these the copy holds; of the others, the shared decoys only, `besides`."""

    kind: Literal["shared decoys", "rows"]
    chance: float
    positions: int
    shown: int
    held: int
    besides: int


class CodeJudged(NamedTuple):
    """What the evidence by a copy's code comes to.

    leaked  rows that the layer of rows was taken from
    """

    layers: tuple[LayerJudged, ...]
    leaked: int
    log10_p: float

    @property
    def stated(self) -> float:
        """log10_p to a thousandth, rounded upward: processors differ by a millionth of that."""
        return ceil(self.log10_p * 1000) / 1000


def judge_code(
    copy: Accused,
    code: Code,
    data_set: DataSetClaims,
    log10_needed: float,
    *,
    accused: Mapping[str, Accused] = MappingProxyType({}),
) -> CodeJudged:
    """What the code of the copy, as the commitment binds its key and p-table, comes to.

    log10_needed  of the p-value that accuses: bound times share
    accused       copies of the data set, by their ids, beside which it may be judged
    Raises DoesNotHold where positions and p-table do not fit together. 15 ms, and 0.1 µs for each position.
    """
    if code.at >= len(data_set.positions):
        raise DoesNotHold("a copy is judged at positions that it does not show")
    positions = data_set.positions[code.at]
    if positions.leaked > data_set.records:
        raise DoesNotHold("more rows leaked of a copy than of its data set")
    layers = tuple(_layers(copy, p_table(copy), positions, _beside(copy, code, accused)))
    if not layers:
        raise DoesNotHold("a copy is judged by a code that it does not have")
    decoder = Decoder(
        [
            Layer(each.chance, each.positions, "real" if each.kind == "rows" else "decoy", held_by)
            for held_by, each in layers
        ],
        accused=len(code.beside),
    )
    shown, among, besides = (
        np.array(counts, dtype=np.int64)
        for counts in zip(*((each.shown, each.held, each.besides) for _, each in layers), strict=True)
    )
    fit = decoder.fit(shown, Unique(positions.hits, positions.decoys))
    (log10_p,) = fit.log10_p(among[None], besides[None], log10_needed).tolist()
    if not isfinite(log10_p):
        raise DoesNotHold("a copy's code shows what no code can")
    return CodeJudged(tuple(_together(each for _, each in layers)), positions.leaked, log10_p)


def _beside(copy: Accused, code: Code, accused: Mapping[str, Accused]) -> list[Accused]:
    """The copies whose codes split the positions: all that are accused by themselves and have a code of the
    same law, so that nobody chooses among them.

    A copy without evidence by its code shows no positions: whether its law is the same is not known, and it
    may be left out.
    """
    if not code.beside:
        return []
    if len({copy.copy, *code.beside}) <= len(code.beside):
        raise DoesNotHold("a copy is judged beside itself, or beside a copy twice")
    if _alone(copy):
        raise DoesNotHold("a copy that is accused by itself is judged beside others")
    alike = {
        each.copy: each
        for each in accused.values()
        if _alone(each)
        and (each.p_table, each.version) == (copy.p_table, copy.version)
        and (each.code is None or each.code.at == code.at)
    }
    if not alike.keys() >= {*code.beside}:
        raise DoesNotHold("a copy is judged beside one that is not accused by itself, at the same positions")
    if any(each.code for each in alike.values() if each.copy not in code.beside):
        raise DoesNotHold("a copy is not judged beside every one that is accused by its code")
    return [alike[each] for each in code.beside]


def _alone(copy: Accused) -> bool:
    """Whether a copy is accused by itself."""
    return bool(copy.own or copy.marks or (copy.code and not copy.code.beside))


def _layers(
    copy: Accused, table: PTable, positions: Positions, beside: Sequence[Accused]
) -> Iterator[tuple[int, LayerJudged]]:
    """The layers that the p-table names, by how many of the copies beside hold them; each with the bits of
    the copy counted."""
    shown, hidden, rows = map(record_ids, (positions.shown, positions.hidden, positions.rows))
    different(shown, hidden, rows)
    if table.pool:
        yield from _shared(copy, table.pool, shown, hidden, beside)
    elif len(shown) or len(hidden):
        raise DoesNotHold("it shows shared decoys for a copy that has none")
    if table.withholds:
        if len(rows) != len(range(0, positions.leaked, step(positions.leaked))):
            raise DoesNotHold("it does not show every leaked row, or every so-manieth")
        if positions.leaked > positions.alive:
            raise DoesNotHold("more rows leaked than the copy could hold")
        yield from _rows(copy, table.rows, rows, positions.alive, beside)
    elif len(rows) or positions.leaked or positions.alive:
        raise DoesNotHold("it shows rows for a copy from which none is withheld")


def _shared(
    copy: Accused, code: PoolCode, shown: U64, hidden: U64, beside: Sequence[Accused]
) -> Iterator[tuple[int, LayerJudged]]:
    pool = np.sort(np.concatenate([shown, hidden]))
    if (len(pool), sha256(pool.astype(">u8").tobytes()).digest()) != (code.size, code.digest):
        raise DoesNotHold("the shared decoys are not those that the copy committed to")
    p = probability(code.threshold)
    for k in range(len(beside) + 1):
        parts = [ids[_holders(beside, ids, code.threshold) == k] for ids in (shown, hidden)]
        among, besides = (held(copy, ids, slot=PRESENCE, threshold=code.threshold) for ids in parts)
        yield k, LayerJudged("shared decoys", p, sum(map(len, parts)), len(parts[0]), among, besides)


def _rows(
    copy: Accused, threshold: int, rows: U64, alive: int, beside: Sequence[Accused]
) -> Iterator[tuple[int, LayerJudged]]:
    p, holders, hidden = probability(threshold), _holders(beside, rows, threshold), alive - len(rows)
    for k in range(len(beside) + 1):
        likely = comb(len(beside), k) * p**k * (1 - p) ** (len(beside) - k)
        part = rows[holders == k]
        own = held(copy, part, slot=PRESENCE, threshold=threshold)
        yield k, LayerJudged("rows", p, len(part) + round(hidden * likely), len(part), own, 0)


def _holders(copies: Sequence[Accused], ids: U64, threshold: int) -> NDArray[np.int64]:
    """How many of the copies hold each record."""
    counts = np.zeros(len(ids), dtype=np.int64)
    for each in copies:
        counts += code_bits(bytes.fromhex(each.code_key), ids, slot=PRESENCE, threshold=threshold)
    return counts


def _together(layers: Iterable[LayerJudged]) -> Iterator[LayerJudged]:
    """One layer of each kind."""
    for kind, parts in groupby(layers, key=attrgetter("kind")):
        same = list(parts)
        counts = (sum(column) for column in zip(*(each[2:] for each in same), strict=True))
        yield LayerJudged(kind, same[0].chance, *counts)
