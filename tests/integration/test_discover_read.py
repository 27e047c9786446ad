"""Free text is read by presidio with a pipeline of spaCy's: whose names, numbers and papers stand in it."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from discovering import found, person
from talk import letter, pipeline
from trapstreet.core.model import extras
from trapstreet.discover.domain.entities import ENTITIES, recognisers
from trapstreet.plugins.readers import presidio
from trapstreet.plugins.readers.presidio import LONGEST, Presidio

pytestmark = pytest.mark.slow

TEXTS = 120


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pipeline(tmp_path_factory.mktemp("pipeline") / "names")


@pytest.fixture
def reader(names: Path) -> Presidio:
    return Presidio(str(names), recognisers(), beside=Path())


def read_by(desk: Desk, named: object) -> None:
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(f'{settings.read_text()}\n[discover]\ntexts = "{named}"\n')


def tickets(path: Path, said: Callable[[int], str]) -> str:
    """The URL of a database with tickets that say something."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE tickets (id INTEGER PRIMARY KEY, opened TEXT, message_body TEXT)")
        rows = [(n, "2026-10-04", said(n)) for n in range(TEXTS)]
        database.executemany("INSERT INTO tickets VALUES (?, ?, ?)", rows)
        database.commit()
    return f"sqlite:///{path}"


def said(holding: dict[str, Any]) -> dict[str, tuple[int, int, str]]:
    """What is said of the messages: by kind how many of how many, and the class."""
    return {
        each["kind"]: (each["fitting"], each["sampled"], each["sensitivity"])
        for each in holding["columns"]
        if each["name"] in ("message_body", "")
    }


def mixed(number: int) -> str:
    """Every fourth message names its writer, every sixth a number to call, every tenth a social security
    number."""
    name, _, phone = person(number)
    parts = [letter(number)]
    parts += [f"Kind regards, {name}"] * (number % 4 == 0)
    parts += [f"Please call me on my mobile phone {phone}"] * (number % 6 == 0)
    parts += [f"My social security number is {536 + number % 90}-{22 + number % 70}-{4321 + number}"] * (
        number % 10 == 0
    )
    return ". ".join(parts)


def test_who_is_named_in_tickets_is_found_with_its_share_and_class(
    desk: Desk, names: Path, tmp_path: Path
) -> None:
    read_by(desk, names)
    at = tickets(tmp_path / "crm.db", mixed)
    place, unknown = found(desk, at)
    assert unknown == []
    (held,) = place["holdings"]
    assert said(held) == {
        "free_text": (TEXTS, TEXTS, "free-text"),
        "name": (30, TEXTS, "personal"),
        "phone": (20, TEXTS, "contact"),
        "national_id": (12, TEXTS, "identity"),
    }
    assert held["sensitivity"] == "identity"
    (name,) = [each for each in held["columns"] if each["kind"] == "name"]
    assert name["why"] == f"mentioned in 30 of the {TEXTS} texts that were read"
    assert name["interval"] == [0.1811, 0.3344]
    shown = desk.do("discover", at)
    assert "message_body name 18 to 33 %" in shown


def test_a_column_that_its_header_says_nothing_of_is_about_people_by_its_texts(
    desk: Desk, names: Path, tmp_path: Path
) -> None:
    lines = [f"{n};{letter(n)} (seen by {person(n)[0]})" for n in range(60)]
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "log.csv").write_text("\n".join(["no;col7", *lines]))
    read_by(desk, names)
    place, unknown = found(desk, tmp_path / "share")
    (held,) = place["holdings"]
    assert unknown == []
    assert [(each["name"], each["kind"]) for each in held["columns"]] == [("no", ""), ("col7", "name")]
    assert (held["people"], held["sensitivity"]) == (60, "personal")


def test_a_letter_in_a_file_is_read_by_its_lines(desk: Desk, names: Path, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    lines = [f"{letter(n)}. Yours sincerely, {person(n)[0]}" if n % 2 else letter(n) for n in range(40)]
    (folder / "complaints.txt").write_text("\n\n".join(lines))
    (folder / "app.log").write_text(
        "\n".join(
            f"2026-10-04T12:{n:02}:07Z GET /a/{n}?x={n}&y=7 200 {n}ms {person(n)[0]}" for n in range(40)
        )
    )
    read_by(desk, names)
    place, unknown = found(desk, folder, "--all")
    assert unknown == []
    by_name = {each["path"][1]: each for each in place["holdings"]}
    assert said(by_name["complaints.txt"]) == {"name": (20, 40, "personal")}
    assert by_name["complaints.txt"]["people"] == 20
    assert said(by_name["app.log"]) == {}


def test_without_a_pipeline_all_but_names_is_found(desk: Desk, tmp_path: Path) -> None:
    read_by(desk, "en")
    place, unknown = found(desk, tickets(tmp_path / "crm.db", mixed))
    assert unknown == []
    assert set(said(place["holdings"][0])) == {"free_text", "phone", "national_id"}


def test_a_file_that_numbers_to_call_stand_in_is_about_as_many_people(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    lines = [f"{letter(n)}. Please call me on my mobile phone {person(n % 3)[2]}" for n in range(6)]
    (folder / "notes.txt").write_text("\n".join(lines))
    read_by(desk, "en")
    (held,) = found(desk, folder)[0]["holdings"]
    assert said(held) == {"phone": (6, 6, "contact")}
    assert held["people"] == 3


def test_nothing_is_read_unless_it_is_asked_for(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presidio, "stream", refused)
    place, _ = found(desk, tickets(tmp_path / "crm.db", mixed))
    assert set(said(place["holdings"][0])) == {"free_text"}


def test_texts_are_read_again_when_they_are_read_by_something_else(
    desk: Desk, names: Path, tmp_path: Path
) -> None:
    at = tickets(tmp_path / "crm.db", mixed)
    assert found(desk, at)[0]["looked"] == 1
    read_by(desk, names)
    place, _ = found(desk, at)
    assert (place["looked"], "name" in said(place["holdings"][0])) == (1, True)
    assert found(desk, at)[0]["unchanged"] == 1


@pytest.mark.parametrize(
    ("named", "line"),
    [
        ("en_core_web_none", "is not installed: python -m spacy download en_core_web_none"),
        ("english", "english is no code of a language, and no pipeline of spaCy's: name a folder"),
        ("models/none", "no pipeline of spaCy's lies in models/none"),
        ("qq", "spaCy does not know the language qq"),
        ("bad\\u001bname!", "no pipeline of spaCy's lies in bad?name!"),
    ],
)
def test_a_pipeline_that_is_missing_is_one_line_and_nothing_is_fetched(
    desk: Desk, tmp_path: Path, named: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presidio, "stream", refused)
    read_by(desk, named)
    assert line in desk.refused(2, "discover", tickets(tmp_path / "crm.db", mixed))


def test_without_the_extra_it_says_what_to_install(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    read_by(desk, "en")
    line = desk.refused(2, "discover", tickets(tmp_path / "crm.db", mixed))
    assert line.endswith(
        "presidio_analyzer is needed to read free text, and is not installed: pip install 'trapstreet[texts]'"
    )


def test_a_damaged_pipeline_is_said(desk: Desk, names: Path, tmp_path: Path) -> None:
    (desk.workspace / "damaged").mkdir()
    (desk.workspace / "damaged" / "meta.json").write_bytes((names / "meta.json").read_bytes())
    read_by(desk, "damaged")
    _, (line,) = found(desk, tickets(tmp_path / "crm.db", mixed), status=6)
    assert line.startswith("texts under [discover]: spaCy 3.")
    assert line.endswith("cannot load the pipeline; the rest was not looked at")


def test_every_recogniser_is_there_and_finds_what_the_table_says(reader: Presidio) -> None:
    known = {
        "PERSON": "This was signed by Emma Walsh in person",
        "PHONE_NUMBER": "please call 202-456-1414 after noon",
        "IP_ADDRESS": "the visitor came from 81.2.69.160 last night",
        "MAC_ADDRESS": "the device with 3c:22:fb:9a:11:7e was lost",
        "US_SSN": "her social security number is 536-22-4321",
        "UK_NHS": "my nhs number is 943 476 5919",
        "DE_TAX_ID": "meine steuerliche Nummer lautet 12345678903",
        "ES_NIF": "mi documento es 12345678Z y espero",
        "IT_FISCAL_CODE": "il mio codice RSSMRA85T10A562S va bene",
        "US_PASSPORT": "the passport number is 123456789 here",
    }
    reading = reader.read([*known.values()])
    for (entity, text), met in zip(known.items(), reading.mentions, strict=True):
        assert [each for each in met if each.entity == entity and ENTITIES[entity].counts(each, text)], text


def test_an_order_number_is_nobodys_passport_or_phone(reader: Presidio) -> None:
    texts = [
        "order 123456789 was paid twice in all",
        "invoice 2024561414 came on 12.03.2026",
        "version 10.2.7.1000 fails at 14:05",
    ]
    for text, met in zip(texts, reader.read(texts).mentions, strict=True):
        assert not [
            each for each in met if each.entity in ENTITIES and ENTITIES[each.entity].counts(each, text)
        ], text


HOSTILE: Sequence[str] = [
    "",
    " ",
    "\0\x1b[2J\ud800\udfff\u202e" * 40,
    "a" * (10 << 20),
    "1" * 5_000,
    "1-" * 5_000,
    "+" * 5_000,
    "a@" * 5_000,
    "(" * 900 + "5" * 100,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 " * 300,
    "e\u0301" * 500,
    "٠١٢٣٤٥٦٧٨٩ " * 90,
    "\n\r\t\x0b\x0c\x85\u2028" * 150,
    "Emma Walsh " * 200,
]


def test_texts_made_to_harm_it_are_read_in_bounded_time(reader: Presidio) -> None:
    reading = reader.read([*HOSTILE, letter(1), f"{letter(2)} Emma Walsh"])
    assert reading.why == ""
    assert len(reading.mentions) == len(HOSTILE) + 2
    assert [each.entity for each in reading.mentions[-1]] == ["PERSON"]
    assert all(0 <= each.start < each.end <= LONGEST for met in reading.mentions for each in met)


def test_what_was_not_read_in_time_is_said(
    desk: Desk, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presidio, "SECONDS", 0)
    read_by(desk, names)
    at = tickets(tmp_path / "crm.db", mixed)
    for _ in range(2):
        _, unknown = found(desk, at, status=6)
        (line,) = unknown
        assert line.endswith(f"tickets.message_body: 1 of {TEXTS} texts were read: it took longer than 0 s")


def test_a_text_that_kills_the_reader_costs_what_was_not_read(
    desk: Desk, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presidio, "_TARGET", "reading_targets:dies_at_the_fiftieth")
    read_by(desk, names)
    place, (line,) = found(desk, tickets(tmp_path / "crm.db", mixed), status=6)
    assert f"message_body: 50 of {TEXTS} texts were read: the reading_targets parser died" in line
    fitting, read, _ = said(place["holdings"][0])["name"]
    assert read == 50 > fitting


@pytest.mark.parametrize("target", ["lies", "says_nothing", "says_too_much"])
def test_what_a_hijacked_reader_says_is_checked(
    reader: Presidio, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presidio, "_TARGET", f"reading_targets:{target}")
    reading = reader.read(["somebody wrote this down"] * 3)
    assert (sum(map(len, reading.mentions)), len(reading.mentions) <= 3) == (0, True)


def test_texts_are_neither_logged_nor_kept_nor_shown(
    desk: Desk, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    caplog.set_level(logging.DEBUG)
    read_by(desk, names)
    at = tickets(tmp_path / "crm.db", mixed)
    shown = desk.do("discover", at) + desk.err + desk.do("discover", at, "--json")
    kept = b"".join(
        each.read_bytes() for top in (desk.workspace, scratch) for each in top.rglob("*") if each.is_file()
    )
    for value in person(0):
        assert value not in shown + caplog.text
        assert value.encode() not in kept


def refused(*_arguments: object, **_named: object) -> None:
    raise AssertionError("nothing may be started")
