"""Plan copies: what a data set's would prove, from decoys that are drawn and thrown away."""

import secrets
from collections.abc import Sequence
from itertools import combinations
from math import log2

from trapstreet.core.fields import Column
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.ports import Progress, Table
from trapstreet.decoys import DecoySettings, generate
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.decoys import profiles_of
from trapstreet.registered.source import Told, read_source
from trapstreet.registered.taken import TakenValues
from trapstreet.share.domain.coding import Terms, default_decoys
from trapstreet.share.domain.marking import mark_codes, refuse_doubles
from trapstreet.share.domain.plan import Plan, default_design, plan
from trapstreet.share.domain.power import NEIGHBOURS
from trapstreet.share.making import DECOYS_LABEL
from trapstreet.share.service import FORESEEN, by_kind
from trapstreet.store import catalogue
from trapstreet.store.copies import pool_for
from trapstreet.store.models import DataSet


def plan_copies(
    table: Table,
    data_set: DataSet,
    *,
    terms: Terms,
    settings: DecoySettings,
    bound: float,
    ring: KeyRing,
    shelf: Shelf,
    progress: Progress,
) -> Plan:
    """What a leak of copies with these terms would prove; nothing is written.

    One pass over the source, and 5 to 15 s. Raises UnusableInput as `share` does.
    """
    version = catalogue.latest(data_set)
    told = Told(progress, version.rows)
    marks = mark_codes(terms.marks or (), catalogue.columns_of(data_set), data_set.key_columns)
    source = read_source(table, data_set, version, ring=ring, shelf=shelf, told=told)
    refuse_doubles(marks, source.columns, source.model.sample)
    decoys = default_decoys(version.rows) if terms.decoys is None else terms.decoys
    taken = TakenValues(catalogue.all_indexes(shelf), data_set.id, epoch=data_set.epoch, keys=ring)
    draws = KeyedDraws(secrets.token_bytes(16), DECOYS_LABEL)
    made = generate(source.model, settings, draws=draws, count=decoys, taken=taken)
    copies = max(FORESEEN, catalogue.count_copies() + 1)
    pool = pool_for(data_set, table.columns)
    shared = pool.decoys if pool else None
    design = default_design(
        version.rows,
        copies=copies,
        decoys=decoys,
        withheld=terms.withheld or 0.0,
        marks_per_row=len(marks),
        bits=worth(profiles_of(made.decoys, source.columns), source.columns),
        pool=shared,
    )
    return plan(design, version.rows, copies=copies, bound=bound, pool=shared)


def worth(profiles: Sequence[Profile], columns: Sequence[Column]) -> float:
    """Bits of the decoy that is worth least, by the kinds that tell most, less what it costs to look at all
    of them and at every neighbour: a leak of so many rows coincides with it with rows · 2^-bits."""
    kinds = by_kind(columns)
    sets = [*combinations(kinds, 1), *combinations(kinds, 2)]
    bits = [
        min(each.joint_bits([name for kind in chosen for name in kinds[kind][:1]]) for each in profiles)
        - log2(2 if len(chosen) == 1 else NEIGHBOURS)
        for chosen in sets
    ]
    return max(0.0, max(bits, default=0.0) - log2(max(1, len(sets))))
