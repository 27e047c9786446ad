"""The decoys of a copy, made for whole tables."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from decoys_tables import (
    Table,
    american,
    column,
    customers,
    dense_ids,
    mail_list,
    owners_of,
    people,
    ticket_codes,
    typed_descending,
    uuid_ids,
)
from trapstreet.core.fields import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Row
from trapstreet.decoys import Decoys, DecoySettings, TableModelBuilder, generate, insert, joint_bits

OWNED = DecoySettings(domains=("decoy.example.ie",), phones=("+353 1 900 0000-9999",))


def made(
    table: Table, count: int = 100, settings: DecoySettings = OWNED, key: bytes = b"copy one's key!!"
) -> Decoys:
    return generate(table.learnt, settings, draws=KeyedDraws(key, 0), count=count, taken=owners_of(table))


@pytest.mark.slow
def test_the_same_copy_of_the_same_table_gets_the_same_decoys() -> None:
    table = customers(3000)
    assert made(table).decoys == made(table).decoys
    assert made(table).decoys != made(table, key=b"copy two's key!!").decoys


@pytest.mark.slow
def test_batches_of_any_size_teach_the_same() -> None:
    table = customers(6000)
    draws = [KeyedDraws(b"k" * 16, 0) for _ in range(2)]
    first, second = (
        generate(table.model(size), OWNED, draws=draw, count=50, taken=owners_of(table))
        for size, draw in zip((500, 6000), draws, strict=True)
    )
    assert first.decoys == second.decoys


def test_a_reference_number_follows_the_grammar_and_stands_between_real_ones() -> None:
    table = customers(3000)
    real = table.rows
    tickets = [str(cell) for cell in table.cells(made(table), "ticket")]
    assert all(re.fullmatch(r"TCK-\d{8}", ticket) for ticket in tickets)
    assert all(str(real[0][0]) < ticket < str(real[-1][0]) for ticket in tickets)
    assert len(set(tickets)) == 100


@pytest.mark.slow
def test_numbers_go_beyond_the_end_only_where_none_is_free_and_it_is_said() -> None:
    table = dense_ids(2000)
    decoys = made(table)
    assert all(int(str(cell)) > 2000 for cell in table.cells(decoys, "id"))
    assert any("beyond the end" in note for note in decoys.notes)
    assert not any("beyond the end" in note for note in made(customers(3000)).notes)


def test_free_numbers_that_others_own_send_decoys_beyond_the_end() -> None:
    table = customers(300)
    owners = owners_of(table)
    owners.known[Kind.REFERENCE] |= {f"TCK{n:08d}".encode() for n in range(1_000_000, 1_010_000)}
    decoys = generate(table.learnt, OWNED, draws=KeyedDraws(b"k" * 16, 0), count=20, taken=owners)
    assert all(str(cell) > str(table.rows[-1][0]) for cell in table.cells(decoys, "ticket"))


def test_an_address_is_made_of_the_decoys_own_name() -> None:
    table = customers(3000)
    for decoy in made(table).decoys:
        given, family = str(decoy.cells[1]).lower().split()
        local, _, domain = str(decoy.cells[2]).partition("@")
        core = local.rstrip("0123456789")
        assert core in {f"{given}.{family}", f"{given[0]}{family}", f"{family}.{given}", f"{given}_{family}"}
        assert domain == "decoy.example.ie"


def test_names_apart_and_their_letter_case_stay_consistent() -> None:
    table = dense_ids(2000)
    for decoy in made(table).decoys:
        _, first, last, mail, _, login, _ = map(str, decoy.cells)
        assert last == last.upper()
        assert first != first.upper()
        assert mail.startswith(f"{login}@")


@pytest.mark.slow
def test_an_address_is_worth_24_bits_where_the_table_has_digits() -> None:
    for table in (customers(3000), dense_ids(2000), typed_descending(1500), mail_list(3000)):
        email = next(column.name for column in table.columns if column.kind is Kind.EMAIL)
        assert min(joint_bits(decoy, [email]) for decoy in made(table).decoys) >= 24


def test_joint_bits_count_a_shared_draw_once() -> None:
    decoy = made(customers(3000)).decoys[0]
    name, email, both = (joint_bits(decoy, columns) for columns in (["name"], ["email"], ["name", "email"]))
    assert max(name, email) <= both < name + email
    assert joint_bits(decoy, ["plan", "no such column"]) == 0
    everything = joint_bits(decoy, ["ticket", "name", "email", "phone"])
    assert everything <= sum(draw.bits for draw in decoy.draws)


def test_a_new_name_is_nobodys_while_names_suffice() -> None:
    table = customers(3000)
    real = {row[1] for row in table.rows}
    assert not real & set(table.cells(made(table), "name"))


def test_customers_names_are_borrowed_only_when_it_cannot_be_helped() -> None:
    table = dense_ids(2000)
    assert any("name of a customer" in note for note in made(table).notes)
    assert not any("name of a customer" in note for note in made(customers(3000)).notes)


def test_decoys_take_the_rest_from_a_real_row() -> None:
    table = customers(3000)
    plans = Counter(table.cells(made(table, 300), "plan"))
    assert set(plans) == {"A", "B", "C"}
    assert min(plans.values()) > 60


def test_what_is_sorted_with_the_file_stays_sorted_nearby() -> None:
    table = customers(3000)
    decoys = made(table, 80)
    merged = [row for batch in insert(decoys, table.batches()) for row in batch.rows]
    assert [row[0] for row in merged] == sorted(row[0] for row in merged)
    late = [
        abs(date.fromisoformat(str(row[4])) - date.fromisoformat(str(before[4])))
        for before, row in pairwise(merged)
    ]
    assert max(late) <= timedelta(days=3)


def test_a_file_nearly_sorted_by_number_keeps_its_decoys_near_their_place() -> None:
    rows = list(customers(3000).rows)
    rows[100], rows[2000] = rows[2000], rows[100]
    table = replace(customers(3000), rows=rows)
    decoys = made(table, 60)
    assert decoys.order is None
    merged = [row[0] for batch in insert(decoys, table.batches()) for row in batch.rows]
    falls = sum(str(one) > str(other) for one, other in pairwise(merged))
    assert falls <= 4


@pytest.mark.slow
def test_numbers_that_begin_anew_each_year_are_sorted_with_their_year() -> None:
    table = american()
    merged = [str(row[0]) for batch in insert(made(table, 60), table.batches()) for row in batch.rows]
    assert merged == sorted(merged)


@pytest.mark.slow
def test_decoys_of_an_unsorted_file_lie_anywhere() -> None:
    table = uuid_ids(4000)
    places = [decoy.after for decoy in made(table, 400).decoys]
    assert all(place is not None and 0 <= place <= 4000 for place in places)
    quarters = Counter((place or 0) // 1001 for place in places)
    assert all(60 < quarters[quarter] < 140 for quarter in range(4))


@pytest.mark.slow
def test_typed_cells_keep_their_types() -> None:
    for table in (typed_descending(1500), uuid_ids(1500)):
        real = [{type(row[at]) for row in table.rows} for at in range(len(table.columns))]
        for decoy in made(table, 60, DecoySettings()).decoys:
            assert all(
                type(cell) in types
                for cell, types in zip(decoy.cells, real, strict=True)
                if cell not in (None, "")
            )


def test_a_descending_file_stays_descending() -> None:
    table = typed_descending(1500)
    merged = [row[0] for batch in insert(made(table, 60), table.batches()) for row in batch.rows]
    assert merged == sorted(merged, reverse=True)  # type: ignore[type-var]


def test_uuids_stay_uuids() -> None:
    ids = uuid_ids(1500)
    assert all(isinstance(cell, UUID) and cell.version == 4 for cell in ids.cells(made(ids), "id"))


def test_account_numbers_are_left_empty_and_it_is_said() -> None:
    table = uuid_ids(1500)
    decoys = made(table)
    assert set(table.cells(decoys, "iban")) == {""}
    assert "iban is empty in decoys only" in decoys.strippable


def test_a_birthday_stays_in_its_year() -> None:
    table = uuid_ids(1500)
    years = {str(row[4])[-4:] for row in table.rows}
    real = {row[4] for row in table.rows}
    born = [str(cell) for cell in table.cells(made(table), "naissance")]
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}", day) and day[-4:] in years for day in born)
    assert len(set(born) - real) > 50


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        (DecoySettings(), ["example.com", "reserved for fiction"]),
        (DecoySettings(domains=("decoy.example.ie",)), ["reserved for fiction"]),
        (DecoySettings(phones=OWNED.phones), ["example.com"]),
        (OWNED, []),
    ],
)
def test_what_gives_decoys_away_is_said(settings: DecoySettings, reasons: list[str]) -> None:
    found = made(customers(3000), settings=settings).strippable
    assert len(found) == len(reasons)
    assert all(reason in said for reason, said in zip(reasons, found, strict=True))


def test_a_domain_that_only_decoys_use_is_named() -> None:
    table = customers(3000)
    shared = str(table.rows[0][table.position("email")]).partition("@")[2]
    notes = made(table, settings=DecoySettings(domains=("decoys.example.ie", shared))).notes
    assert [note for note in notes if "only decoys" in note] == [
        "only decoys have addresses at decoys.example.ie: somebody who groups by domain sees them together"
    ]


def test_phones_are_only_numbers_of_the_user() -> None:
    table = customers(3000)
    phones = [str(cell) for cell in table.cells(made(table), "phone") if cell]
    assert all(re.fullmatch(r"\+353 1 900\d{4}", phone) for phone in phones)
    assert len(set(phones)) == len(phones) > 70


@pytest.mark.slow
def test_a_region_without_reserved_numbers_leaves_the_cell_empty_and_says_so() -> None:
    table = customers(3000)
    rows: list[Row] = [(*row[:3], "+81 3 1234 5678", *row[4:]) for row in table.rows]
    table = replace(
        table,
        rows=rows,
        columns=[c if c.name != "phone" else column("phone", Kind.PHONE, "JP") for c in table.columns],
    )
    decoys = made(table, settings=DecoySettings(domains=("decoy.example.ie",)))
    assert not any(table.cells(decoys, "phone"))
    assert any("phone" in note for note in decoys.notes)
    assert decoys.strippable == ("phone is empty in decoys only",)


def test_one_copy_does_not_use_up_a_small_range() -> None:
    table = customers(3000)
    settings = replace(OWNED, phones=("+353 1 900 0100-0199",))
    decoys = made(table, settings=settings)
    assert len([cell for cell in table.cells(decoys, "phone") if cell]) == 100 // 8
    assert any("too few" in note for note in decoys.notes)


def test_empty_phones_stay_as_frequent_but_addresses_are_always_there() -> None:
    table = customers(3000)
    decoys = made(table, 400)
    empty = sum(cell == "" for cell in table.cells(decoys, "phone"))
    assert 20 <= empty <= 70
    assert all(table.cells(decoys, "email"))


def test_a_table_without_addresses_always_has_phones_while_they_last() -> None:
    table = american()
    decoys = made(table, 20, replace(OWNED, phones=("+1 212 555 0100-0199", "+1 415 555 0100-0199")))
    assert all(table.cells(decoys, "phone"))
    assert all("," in str(name) for name in table.cells(decoys, "name"))


def test_a_key_of_the_table_is_never_empty_or_repeated() -> None:
    for table in (customers(3000), ticket_codes(2000), mail_list(3000)):
        key = [tuple(decoy.cells[table.position(name)] for name in table.key) for decoy in made(table).decoys]
        assert len(set(key)) == 100
        assert all(all(cells) for cells in key)


def test_three_rows_are_enough() -> None:
    rows: list[Row] = [
        ("1", "Anna Byrne", "anna@a.ie"),
        ("5", "Mary Kelly", "mary@b.ie"),
        ("9", "Tom Ryan", "tom@c.ie"),
    ]
    columns = [column("id", Kind.REFERENCE), column("name", Kind.NAME), column("mail", Kind.EMAIL)]
    table = Table(columns, ["id"], rows)
    decoys = made(table, 3)
    assert len({decoy.cells for decoy in decoys.decoys}) == 3


def test_a_table_without_rows_is_refused() -> None:
    builder = TableModelBuilder([column("id", Kind.REFERENCE)], ["id"])
    builder.observe(Batch([], []))
    with pytest.raises(UnusableInput, match="no rows"):
        builder.finish()


def test_an_unknown_key_column_is_refused() -> None:
    with pytest.raises(UnusableInput, match="key column number"):
        TableModelBuilder([column("id", Kind.REFERENCE)], ["number"])


@pytest.mark.parametrize("kind", [Kind.IBAN, Kind.CARD, Kind.NATIONAL_ID])
def test_a_key_that_may_be_somebodys_is_refused(kind: Kind) -> None:
    with pytest.raises(UnusableInput, match="numbers of people or accounts"):
        TableModelBuilder([column("account", kind)], ["account"])


def test_a_key_that_only_repeats_is_refused() -> None:
    table = Table([column("plan", Kind.TEXT)], ["plan"], [("gold",), ("silver",)] * 50)
    with pytest.raises(UnusableInput, match="plan"):
        table.model()


@pytest.mark.parametrize("domain", ["", "localhost", "no domain", "a@b.ie", "-.ie"])
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(UnusableInput, match="domains"):
        made(customers(300), 3, DecoySettings(domains=(domain,)))


def test_a_text_key_column_gets_new_codes() -> None:
    rows: list[Row] = [(f"K{n * 7:05d}", "x") for n in range(500)]
    table = Table([column("code", Kind.TEXT), column("note", Kind.TEXT)], ["code"], rows)
    codes = [str(cell) for cell in table.cells(made(table, 20), "code")]
    assert all(re.fullmatch(r"K\d{5}", code) for code in codes)
    assert not {row[0] for row in rows} & set(codes)


def test_a_copy_without_decoys_is_refused() -> None:
    with pytest.raises(UnusableInput, match="at least one decoy"):
        made(customers(300), 0)


def test_a_key_of_a_branch_and_a_number_gets_new_numbers() -> None:
    rows: list[Row] = [(f"B{n % 5}", str(n * 3), f"note {n}") for n in range(600)]
    columns = [column("branch", Kind.REFERENCE), column("number", Kind.TEXT), column("note", Kind.TEXT)]
    table = Table(columns, ["branch", "number"], rows)
    decoys = made(table, 20)
    assert set(table.cells(decoys, "branch")) <= {f"B{n}" for n in range(5)}
    assert not {row[1] for row in rows} & set(table.cells(decoys, "number"))


def test_a_table_of_firms_leaves_the_name_empty_and_says_so() -> None:
    rows: list[Row] = [(str(n * 9), f"Acme {n} Ltd", f"office{n}@acme.ie") for n in range(300)]
    columns = [column("id", Kind.REFERENCE), column("name", Kind.NAME), column("mail", Kind.EMAIL)]
    table = Table(columns, ["id"], rows)
    decoys = made(table, 20)
    assert set(table.cells(decoys, "name")) == {""}
    assert "name is empty in decoys only" in decoys.strippable


def test_a_name_of_two_characters_is_a_name() -> None:
    rows: list[Row] = [
        (str(n * 9), f"{family} {given}", f"u{n}@x.cn")
        for n, (given, family) in enumerate(people(300, "伟娜敏强", "王李张刘", 1))
    ]
    columns = [column("id", Kind.REFERENCE), column("name", Kind.NAME), column("mail", Kind.EMAIL)]
    table = Table(columns, ["id"], rows)
    names = [str(cell) for cell in table.cells(made(table, 20), "name")]
    assert all(re.fullmatch("[王李张刘] [伟娜敏强]", name) for name in names)


def test_a_model_and_decoys_do_not_print_cells() -> None:
    table = customers(300)
    shown = repr(table.model()) + repr(made(table, 5))
    assert not any(str(row[1]) in shown or str(row[2]) in shown for row in table.rows)
    assert not re.search(r"TCK-\d", shown)
