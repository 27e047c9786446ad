"""Whatever a file holds, looking at it ends with a table or with none."""

from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.app.discovering_tables import table_in
from trapstreet.discover import default_policy
from trapstreet.discover.domain.own_names import is_headless, numbered
from trapstreet.discover.domain.recognise import SampledColumn, recognise
from trapstreet.discover.domain.texts import held_in

NAMES = st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.xlsx!One", "a.zip!/in/b.csv"])
SIGNS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(';,\t"\n\r@+0123456789')
CELLS = st.text(SIGNS, max_size=30)
TEXTS = st.lists(CELLS, max_size=30).map("".join).map(str.encode) | st.binary(max_size=200)


@settings(deadline=None)  # the first has to load a library
@given(TEXTS, NAMES)
def test_any_bytes_are_a_table_or_none(text: bytes, called: str) -> None:
    table = table_in(text, ("/srv", called), called=called, size=len(text))
    if table is not None:
        assert len({each.name for each in table.columns}) <= len(table.columns) <= 1_000
        sampled = [SampledColumn(each.name, each.declared, each.values) for each in table.columns]
        held = recognise(sampled, table=called, policy=default_policy())
        assert [each.name for each in held] == [each.name for each in table.columns]
        assert all(0 <= each.fitting <= each.sampled for each in held)


@settings(deadline=None)
@given(TEXTS)
def test_of_any_bytes_no_more_lines_fit_than_there_are(text: bytes) -> None:
    held, people = held_in(text, default_policy())
    assert all(0 < each.fitting <= each.sampled for each in held)
    assert people >= 0


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=20))
def test_names_are_as_many_as_before_and_each_there_once(names: list[str]) -> None:
    is_headless(names)
    kept = numbered(names)
    assert len(kept) == len(names)
    assert all(new in (old, f"column {at}") for at, (old, new) in enumerate(zip(names, kept, strict=True), 1))
