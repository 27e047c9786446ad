"""Whatever a table's names and values are, recognising ends, in order, with counts that can be."""

from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.discover import default_policy
from trapstreet.discover.domain.recognise import SampledColumn, recognise
from tries import tries

SETTINGS = settings(max_examples=tries(150), deadline=None)

headers = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            [
                "name",
                "email",
                "tel",
                "nr",
                "id",
                "cust",
                "geb",
                "dat",
                "_",
                "-",
                "Ä",
                "İ",
                "e\u0301",
                "2",
                "\x00",
                '"',
            ]
        ),
        max_size=6,
    ).map("".join),
)
types = st.sampled_from(
    ["", "text", "int", "numeric(9,2)", "date", "bytea", "uuid", "point", "enum('a')", "\x00"]
)
values = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.text("0123456789+-. /@:", max_size=40),
        st.sampled_from(["4111111111111111", "a@b.example", "\ud800", "٣٤٥", "²", "1" * 400, "٠٠٠-٠٠-٠٠٠٠"]),
    ),
    max_size=12,
)
columns = st.lists(st.builds(SampledColumn, headers, types, values), max_size=8)


@SETTINGS
@given(columns, headers)
def test_any_table_gets_one_answer_a_column_with_counts_that_can_be(
    table: list[SampledColumn], name: str
) -> None:
    held = recognise(table, table=name)
    assert [each.name for each in held] == [each.name for each in table]
    for column, each in zip(table, held, strict=True):
        assert 0 <= each.fitting <= each.sampled <= len(column.values)
        assert each.sensitivity == default_policy().class_of(each.kind)
        assert bool(each.kind) == bool(each.why)


@SETTINGS
@given(columns, st.randoms(use_true_random=False))
def test_the_order_of_values_is_of_no_matter_where_all_are_looked_at(
    table: list[SampledColumn], random
) -> None:
    mixed = [
        SampledColumn(each.name, each.declared, random.sample(each.values, len(each.values)))
        for each in table
    ]
    assert recognise(mixed) == recognise(table)


def test_long_and_repetitive_values_cost_no_more_than_their_length() -> None:
    hostile = [
        "a" * 100_000,
        "1." * 50_000,
        ":" * 100_000,
        "@" * 100_000,
        "A.-" * 30_000,
        "9" * 100_000,
        "\t" * 100_000 + "x",
    ]
    began = process_time()
    recognise(
        [SampledColumn(header, "text", hostile * 20) for header in ("c1", "iban", "phone", "notes", "ip")]
    )
    assert process_time() - began < 2


def test_long_names_cost_no_more_than_short_ones() -> None:
    names = ["customer" * 20_000, "_".join(["email"] * 20_000), "x" * 200_000, "a1" * 50_000]
    began = process_time()
    held = recognise([SampledColumn(name, "text", ()) for name in names * 20], table="user" * 50_000)
    assert [each.name for each in held] == names * 20
    assert process_time() - began < 2
