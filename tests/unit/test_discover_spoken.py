"""What counts of what a reader met in free text, and which texts are worth reading."""

import pytest

from trapstreet.core.model.holdings import HeldColumn
from trapstreet.core.model.mentions import Mention
from trapstreet.discover import default_policy
from trapstreet.discover.domain.entities import ENTITIES, kinds_in, recognisers
from trapstreet.discover.domain.kinds import held_kinds
from trapstreet.discover.domain.spoken import (
    MOST_TEXTS,
    cells_to_read,
    is_spoken,
    lines_to_read,
    people_told_apart,
    said_in,
)

TALK = "the parcel that we were sent has arrived"


def met(text: str, written: str, entity: str, score: float = 0.85) -> tuple[str, list[Mention]]:
    at = text.index(written)
    return text, [Mention(entity, at, at + len(written), score)]


def column(kind: str) -> HeldColumn:
    return HeldColumn("body", kind, 0, 0, "")


@pytest.mark.parametrize(
    ("text", "name", "counts"),
    [
        ("as Emma Walsh told me", "Emma Walsh", True),
        ("as Zdzisława Brzęczyszczykiewicz said", "Zdzisława Brzęczyszczykiewicz", True),
        ("ask Ludwig van der Meer for it", "Ludwig van der Meer", True),
        ("Emma told me", "Emma", True),
        ("thanks a lot, emma walsh", "emma walsh", True),
        ("Sehr geehrter Herr Nowak,", "Nowak", True),
        ("Dear Xochitl, it broke", "Xochitl", True),
        ("the Max Blender Pro broke", "Max Blender Pro", False),
        ("only in Alpine White or Black", "Alpine White", False),
        ("der Nowak Staubsauger", "Nowak Staubsauger", False),
        ("my Galaxy S24 broke", "Galaxy S24", False),
        ("Order A-00034471 is late", "Order A-00034471", False),
        ("Tel 12", "Tel", False),
        ("ask emma walsh about it", "emma walsh", False),
        ("see emma@mail.example", "emma@mail.example", False),
        ("Aaa Bbb Ccc Ddd Eee Fff wrote", "Aaa Bbb Ccc Ddd Eee Fff", False),
    ],
)
def test_what_a_pipeline_takes_for_a_name_counts_where_it_reads_like_one(
    text: str, name: str, counts: bool
) -> None:
    assert kinds_in(*met(text, name, "PERSON")) == ({"name"} if counts else set())


@pytest.mark.parametrize(
    ("text", "written", "entity", "score", "kinds"),
    [
        ("please call 202-456-1414", "202-456-1414", "PHONE_NUMBER", 0.4, {"phone"}),
        ("Telefonnummer: 030 1234567", "030 1234567", "PHONE_NUMBER", 0.4, {"phone"}),
        ("reach me at +353 86 2000001", "+353 86 2000001", "PHONE_NUMBER", 0.4, {"phone"}),
        ("order 2024561414 is late", "2024561414", "PHONE_NUMBER", 0.4, set()),
        ("I recall 2024561414 was paid", "2024561414", "PHONE_NUMBER", 0.4, set()),
        ("it is 536-22-4321 here", "536-22-4321", "US_SSN", 0.5, {"national_id"}),
        ("item 536224321 here", "536224321", "US_SSN", 0.05, set()),
        ("SSN 536224321 here", "536224321", "US_SSN", 0.05, {"national_id"}),
        ("order 9434765919", "9434765919", "UK_NHS", 1.0, set()),
        ("NHS number 9434765919", "9434765919", "UK_NHS", 1.0, {"national_id"}),
        ("passport 123456789", "123456789", "US_PASSPORT", 0.05, {"identity_document"}),
        ("passport of mine.\nparcel 123456789", "123456789", "US_PASSPORT", 0.05, set()),
        ("came from 81.2.69.160", "81.2.69.160", "IP_ADDRESS", 0.6, {"ip_address"}),
        ("update to version 10.2.7.100", "10.2.7.100", "IP_ADDRESS", 0.6, set()),
        ("moved to Berlin in May", "Berlin", "LOCATION", 0.85, set()),
        ("moved to Berlin in May", "May", "DATE_TIME", 0.85, set()),
    ],
)
def test_numbers_count_by_what_stands_before_them(
    text: str, written: str, entity: str, score: float, kinds: set[str]
) -> None:
    assert kinds_in(*met(text, written, entity, score)) == kinds


def test_every_entity_is_of_a_kind_and_every_recogniser_is_asked_once() -> None:
    assert {each.kind for each in ENTITIES.values()} <= set(held_kinds())
    assert len(recognisers()) == len(set(recognisers())) == len(ENTITIES) - 1


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (TALK, True),
        ("Anruf am 12.3., Kundin will ihr Geld zurück", True),
        ("Le Petit Prince de Saint Exupery", False),
        ("14 Castle Street, Old Town, Galway", False),
        ("Der Kunde wartet seit Mai auf die Lieferung der Lampe", True),
        ("SSN 536-22-4321", False),
        ("x=1; y=[2,3]; z={'a': 4, 'b': 5}; t=0x1f; u=7", False),
        ("2026-10-04T12:01:07Z 10.0.0.1 GET /a/b 200 12ms", False),
        ("", False),
        ("\0" * 100, False),
    ],
)
def test_what_programs_write_is_not_read(text: str, spoken: bool) -> None:
    assert is_spoken(text) is spoken


def test_columns_of_texts_are_read_and_no_others() -> None:
    talk = [f"{TALK} {n}" for n in range(20)]
    assert cells_to_read(column("free_text"), talk) == talk
    assert cells_to_read(column(""), talk) == talk
    assert cells_to_read(column("email"), talk) == talk
    assert cells_to_read(column("address"), talk) == []
    assert cells_to_read(column(""), ["red", "green", "blue", *talk[:1], *"abcdefgh"]) == []
    assert cells_to_read(column("free_text"), []) == []


def test_of_many_texts_some_from_all_over_are_read() -> None:
    talk = [f"{TALK} {n}" for n in range(1_000)]
    some = cells_to_read(column("free_text"), talk)
    assert (len(some) <= MOST_TEXTS, some[0], some[-1]) == (True, talk[0], talk[996])
    assert len(lines_to_read("\n".join(talk).encode() + b"\n\n\xff\xfe")) <= MOST_TEXTS


def test_a_name_counts_for_a_column_where_it_is_no_mistake_of_the_reader() -> None:
    policy = default_policy()
    texts = [f"{TALK}, Emma Walsh" for _ in range(100)]

    def said(named: int) -> list[tuple[str, int, int]]:
        mentions = [met(text, "Emma Walsh", "PERSON")[1] if n < named else [] for n, text in enumerate(texts)]
        found = said_in("body", texts, mentions, policy, but={"free_text"})
        return [(each.kind, each.fitting, each.sampled) for each in found]

    assert said(30) == [("name", 30, 100)]
    assert said(6) == []


def test_people_in_texts_are_counted_by_the_names_and_numbers_that_differ_or_else_by_the_texts() -> None:
    policy = default_policy()
    calls = [f"{TALK}, please call 202-456-14{n:02}" for n in (14, 15, 14, 16)]
    mentions = [met(text, text[-12:], "PHONE_NUMBER")[1] for text in calls]
    said = said_in("", calls, mentions, policy, but=())
    assert [each.kind for each in said] == ["phone"]
    assert people_told_apart(calls, mentions, said) == 3
    named = [f"{text}, Emma Walsh" for text in calls]
    both = [each + met(text, "Emma Walsh", "PERSON")[1] for text, each in zip(named, mentions, strict=True)]
    assert people_told_apart(named, both, said_in("", named, both, policy, but=())) == 3
    hosts = [f"{TALK} from host 10.11.12.13"] * 4
    online = [met(text, "10.11.12.13", "IP_ADDRESS")[1] for text in hosts]
    assert people_told_apart(hosts, online, said_in("", hosts, online, policy, but=())) == 4
    assert people_told_apart(hosts, online, ()) == 0


def test_what_was_not_read_is_no_part_of_the_share() -> None:
    texts = [f"{TALK}, call 202-456-1414 or a{n}@mail.example" for n in range(50)]
    mentions = [met(text, "202-456-1414", "PHONE_NUMBER", 0.4)[1] for text in texts[:20]]
    found = said_in("body", texts, mentions, default_policy(), but={"free_text"})
    assert [(each.kind, each.fitting, each.sampled) for each in found] == [
        ("email", 20, 20),
        ("phone", 20, 20),
    ]
    assert said_in("body", texts, (), default_policy(), but=()) == []
