"""How often things occur among planted decoys: as often as in the table."""

import random
from collections import Counter
from datetime import datetime, timedelta
from functools import cache

import pytest

from decoys_tables import Owners
from table_shapes import SHAPES, Shape
from trapstreet.core.fields import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Batch, Row
from trapstreet.decoys import Aim, Decoys, TableModel, TableModelBuilder, generate
from trapstreet.decoys.model import owner_of
from trapstreet.decoys.name_law import NameDraws, NameLaw, name_law
from trapstreet.decoys.name_ranks import NameRanks
from trapstreet.decoys.relations import Alike, name_part, names_shown
from trapstreet.decoys.splicing import Splices

pytestmark = pytest.mark.slow

ROWS, COUNT = 5000, 300
_SYLLABLES = ("ber", "kel", "mar", "den", "hol", "rin", "ster", "wal", "lin", "bran", "ner", "gar")


@cache
def learnt(name: str) -> tuple[Shape, TableModel]:
    shape = SHAPES[name](ROWS)
    builder = TableModelBuilder(shape.columns, shape.key)
    builder.observe(Batch(shape.rows, range(ROWS)))
    return shape, builder.finish()


@cache
def planted(name: str) -> Decoys:
    shape, model = learnt(name)
    taken = Owners(shape.columns, shape.key).add(shape.rows)
    source = KeyedDraws(b"a planting's key", 0)
    return generate(model, shape.owned, draws=source, count=COUNT, taken=taken, aim=Aim.HIDE)


def columns(name: str, *wanted: str) -> tuple[list[Row], list[Row]]:
    """These cells of the real rows and of the decoys."""
    at = [[column.name for column in learnt(name)[0].columns].index(one) for one in wanted]
    rows = [learnt(name)[0].rows, [decoy.cells for decoy in planted(name).decoys]]
    real, mine = ([tuple(row[n] for n in at) for row in some] for some in rows)
    return real, mine


def names(count: int) -> list[str]:
    rng = random.Random(3)
    return list({"".join(rng.choices(_SYLLABLES, k=3)).title() for _ in range(8 * count)})[:count]


def law() -> tuple[NameLaw, list[str]]:
    """400 names of one row, 200 of two, 100 of six; and the names of all rows."""
    known = names(700)
    counts = {name: 1 if at < 400 else 2 if at < 600 else 6 for at, name in enumerate(known)}
    found = name_law(counts)
    assert found is not None
    return found, [name for name, n in counts.items() for _ in range(n)]


def test_names_occur_as_often_as_the_tables_though_half_of_those_drawn_are_refused() -> None:
    found, rows = law()
    source, rng = KeyedDraws(b"sixteen bytes ok", 0), random.Random(1)
    drawn, mine, ranks = NameDraws(found, source), list[str](), NameRanks(rows, found)
    while len(mine) < 700:
        name, _ = drawn.like(rng.choice(rows), ranks.had_by)
        if rng.random() < 0.5:
            drawn.refused(name)
        else:
            drawn.given(name)
            mine.append(name)
    total = Counter(rows) + Counter(mine)
    theirs = Counter(min(Counter(rows)[name], 3) for name in rows)
    ours = Counter(min(total[name], 3) for name in mine)
    assert all(abs(ours[n] / 700 - theirs[n] / len(rows)) < 0.06 for n in (1, 2, 3))


def test_a_new_double_name_is_put_together_of_double_names() -> None:
    known = {f"{first}-{second}": 1 for first, second in zip(names(60), names(120)[60:], strict=True)}
    found = name_law(known)
    assert found is not None
    drawn = NameDraws(found, KeyedDraws(b"sixteen bytes ok", 0))
    made = [drawn.like(name, lambda _: ())[0] for name in known]
    assert not set(made) & set(known)
    heads, tails = ({name.split("-")[part] for name in known} for part in (0, 1))
    assert all(name.split("-")[0] in heads and name.split("-")[1] in tails for name in made)


def test_new_words_are_as_long_as_those_they_begin_as() -> None:
    known = names(500)
    splices, source = Splices(known, {name.lower() for name in known}), KeyedDraws(b"sixteen bytes ok", 0)
    made = [(word, head) for head in known if (word := splices.draw(source, head))]
    assert len(made) > 400
    assert abs(sum(len(word) - len(head) for word, head in made)) < 0.25 * len(made)


def test_rare_categories_are_as_frequent_as_in_the_table() -> None:
    real, mine = columns("support desk", "queue", "priority", "city")
    table, both = Counter(real), Counter(real) + Counter(mine)
    theirs = sum(table[cells] <= 2 for cells in real) / ROWS
    assert theirs > 0.04
    assert abs(sum(both[cells] <= 2 for cells in mine) / COUNT - theirs) < 0.06
    assert not any(table[cells] == 1 for cells in mine)


def test_a_word_of_an_address_comes_from_an_address_made_alike() -> None:
    shape, model = learnt("newsletter")
    form = names_shown(model)
    alike = Alike(model, name_part(model, 2), form=form)
    source = KeyedDraws(b"sixteen bytes ok", 0)
    donors = [row for row in model.sample[:500] if owner_of(shape.columns, row)[2]]
    drawn = [alike.draw(row, source) for row in donors]
    assert len(donors) > 300
    assert all(one and form(one[0]) == form(row) for one, row in zip(drawn, donors, strict=True))


def test_a_language_stays_with_the_ending_of_its_domains() -> None:
    real, mine = columns("newsletter", "email", "language")
    for rows in (real, mine):
        german = [cells[1] for cells in rows if str(cells[0]).strip().lower().endswith(".de")]
        others = [cells[1] for cells in rows if not str(cells[0]).strip().lower().endswith(".de")]
        assert german.count("de") > 0.6 * len(german) > 3
        assert others.count("de") < 0.05 * len(others)


def test_a_moment_is_as_long_after_another_as_the_donors() -> None:
    at = [
        [column.name for column in learnt("web shop")[0].columns].index(c)
        for c in ("created_at", "last_login")
    ]
    spans = [
        [row[at[1]] - row[at[0]] if isinstance(row[at[1]], datetime) else None for row in rows]  # type: ignore[operator]
        for rows in (planted("web shop").donors, [decoy.cells for decoy in planted("web shop").decoys])
    ]
    off = [
        abs(one - other) for one, other in zip(*spans, strict=True) if one is not None and other is not None
    ]
    assert len(off) > COUNT // 2
    assert sum(one <= timedelta(hours=13) for one in off) > 0.9 * len(off)


def test_numbers_begin_as_often_in_one_way_as_the_tables() -> None:
    assert learnt("telecom")[0].columns[3].kind is Kind.PHONE
    real, mine = (Counter(str(cells[0])[:3] for cells in rows) for rows in columns("telecom", "msisdn"))
    assert all(abs(mine[start] / COUNT - real[start] / ROWS) < 0.08 for start in real)
