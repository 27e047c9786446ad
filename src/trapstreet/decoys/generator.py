"""The decoys of one copy: rows of the table with a new identity, placed where such a row would stand."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.blends import Blends
from trapstreet.decoys.companies import Companies
from trapstreet.decoys.decoy import Aim, Decoy, Decoys, DecoySettings, Draw, Taken
from trapstreet.decoys.details import Details
from trapstreet.decoys.donors import random_donors, spread_donors
from trapstreet.decoys.exchange import Categories
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.likely_people import LikelyPeople
from trapstreet.decoys.likely_phones import LikelyPhones
from trapstreet.decoys.likely_references import LikelyReferences
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.nearby import NEVER_FREE, Nearby
from trapstreet.decoys.order import SortOrder
from trapstreet.decoys.people import RESERVED_DOMAINS, People
from trapstreet.decoys.phone_cells import PhoneCells
from trapstreet.decoys.references import References
from trapstreet.decoys.ties import TiedReferences
from trapstreet.decoys.traces import rewritten
from trapstreet.decoys.url_cells import UrlCells
from trapstreet.decoys.urls import OwnedHosts, owned_hosts

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")

_MAY_BE_EMPTY = (*NEVER_FREE, Kind.EMAIL, Kind.BIRTH_DATE, Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME)


def generate(
    model: TableModel,
    settings: DecoySettings,
    *,
    draws: KeyedDraws,
    count: int,
    taken: Taken,
    aim: Aim = Aim.PROVE,
    visited: Collection[str] = (),
) -> Decoys:
    """Make `count` decoys that share no key, e-mail or web address, phone or reference number with anybody.

    Each takes a row of the table for what is not identifying, but no value that only this row has. The same
    model, settings, draws and owners give the same decoys. About 0.5 ms a decoy, and 0.3 ms for each column
    of web addresses.
    visited: by what the web addresses of other decoys are visited (`Url.visited`).
    Raises UnusableInput for settings that cannot be read, and where the table leaves too little room.
    """
    if count < 1:
        raise UnusableInput(
            "a copy needs at least one decoy", hint="without any a leak of it cannot be traced"
        )
    owners = Ownership(model.columns, model.key, taken)
    domains: Sequence[str] = tuple(map(_domain, settings.domains)) or RESERVED_DOMAINS
    chosen = _chosen(model, domains, draws, count=count, aim=aim)
    makers = _makers(model, settings.phones, chosen.domains, owners, draws, count=count, aim=aim)
    urls = UrlCells(model, owned(settings), draws, aim=aim, visited=visited)
    decoys = _made(model, makers, Nearby(model, draws, aim=aim), chosen, draws, urls=urls)
    _refuse_repeated_keys(model, decoys, taken)
    bare, bare_notes = _left_empty(model, chosen.rows, decoys)
    return Decoys(
        decoys,
        order=model.placing,
        strippable=(*_reserved_domains(model, settings), *makers.phones.strippable, *urls.strippable, *bare),
        notes=(
            *makers.references.notes,
            *makers.phones.notes,
            *makers.people.notes,
            *urls.notes,
            *bare_notes,
            *_lonely_domains(model, settings),
        ),
        donors=tuple(chosen.donors),
        shared=urls.shared,
    )


def owned(settings: DecoySettings) -> OwnedHosts:
    """Where a visit is heard, and a mail. Raises UnusableInput for settings that cannot be read."""
    return owned_hosts(map(_domain, settings.domains), settings.urls)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What decoys are made after: real rows; the same blended, with categories of decoys; and mail domains.

    domains  one for each decoy that hides; else those that any may have
    """

    donors: Sequence[Row] = field(repr=False)
    rows: Sequence[Row] = field(repr=False)
    domains: Sequence[str]


def _chosen(model: TableModel, domains: Sequence[str], draws: KeyedDraws, *, count: int, aim: Aim) -> _Chosen:
    if aim is Aim.PROVE:
        random = [model.sample[at] for at in random_donors(model, count, draws)]
        return _Chosen(random, Categories(model, draws).settled(random), domains)
    spread = [model.sample[at] for at in spread_donors(model, count, draws)]
    companies = Companies(model, domains, draws)
    donors, settled = companies.settle(spread)
    blends = Blends(model, draws, kept=companies.told)
    blended = [blends.blended(donor) for donor in donors]
    return _Chosen(donors, Categories(model, draws, kept=companies.told).settled(blended), settled)


def _made(
    model: TableModel,
    makers: "_Makers",
    near: Nearby,
    chosen: _Chosen,
    draws: KeyedDraws,
    *,
    urls: UrlCells,
) -> tuple[Decoy, ...]:
    """One decoy after each row."""
    rows = chosen.rows
    parts, numbered = makers.references.fillings(rows)
    if makers.people.wanted:
        parts.append(makers.people.fillings(rows))
    parts += [makers.phones.fillings(at, rows) for at in model.phones]
    parts.append([near.filling(row) for row in rows])
    parts.append(urls.fillings(rows, parts))
    places = _places(model, numbered, rows, draws)
    details = Details(model, draws)
    return tuple(
        _assembled(model, details, row, [part[at] for part in parts], places[at])
        for at, row in enumerate(rows)
    )


@dataclass(frozen=True, slots=True)
class _Makers:
    """Who draws what identifies a decoy."""

    references: TiedReferences
    people: People | LikelyPeople
    phones: PhoneCells | LikelyPhones


def _makers(
    model: TableModel,
    phones: Sequence[str],
    domains: Sequence[str],
    owners: Ownership,
    draws: KeyedDraws,
    *,
    count: int,
    aim: Aim,
) -> _Makers:
    if aim is Aim.HIDE:
        return _Makers(
            TiedReferences(model, LikelyReferences(model, owners=owners, draws=draws), owners),
            LikelyPeople(model, domains, owners=owners, draws=draws),
            LikelyPhones(model, phones, owners=owners, draws=draws),
        )
    return _Makers(
        TiedReferences(model, References(model, owners=owners, draws=draws), owners),
        People(model, domains, owners=owners, draws=draws, count=count),
        PhoneCells(model, phones, owners=owners, draws=draws),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a decoy stands: after how many rows (None: where the order says), and next to which row."""

    after: int | None
    neighbour: Row = field(repr=False)


def place(model: TableModel, rows: Sequence[Row], draws: KeyedDraws) -> list[int | None]:
    """After how many rows of the source each of these decoys stands; None where the file is sorted and its
    cells say it."""
    order = model.order
    if order is None:
        return [draws.below(model.rows + 1) for _ in rows]
    if not model.almost or order.column not in model.numberings:
        return [None for _ in rows]
    return list(_passed(model, order, [row[order.column] for row in rows]))


def _passed(model: TableModel, order: SortOrder, cells: Sequence[Cell]) -> list[int]:
    """How many rows of the source come before each of these cells of a numbered column."""
    numbering = model.numberings[order.column]
    ranks = [numbering.rank(cell, by_number=order.view == numbering.number) for cell in cells]
    return [round(model.rows * (1 - rank if order.descending else rank)) for rank in ranks]


def _places(
    model: TableModel, numbered: Mapping[int, list[Filling]], donors: Sequence[Row], draws: KeyedDraws
) -> list[_Place]:
    order = model.order
    if order is None or order.column not in numbered:
        return [
            _Place(after, donor) for after, donor in zip(place(model, donors, draws), donors, strict=True)
        ]
    passed = _passed(model, order, [part.cells[order.column] for part in numbered[order.column]])
    nearest = np.maximum(np.searchsorted(model.ordinals, passed) - 1, 0).tolist()
    return [
        _Place(after if model.almost else None, model.sample[near])
        for after, near in zip(passed, nearest, strict=True)
    ]


def _assembled(
    model: TableModel, details: Details, donor: Row, parts: Sequence[Filling], place: _Place
) -> Decoy:
    """The donor's row with the parts put in, and nothing that only the donor has in other cells."""
    fresh: dict[int, Cell] = {at: place.neighbour[at] for at in model.followers}
    drawn: list[Draw] = []
    columns: dict[str, tuple[int, ...]] = {}
    for part in parts:
        fresh |= part.cells
        for at, shown in part.shows.items():
            columns[model.columns[at].name] = tuple(len(drawn) + draw for draw in shown)
        drawn += part.draws
    fresh |= details.cells(donor, fresh)
    row = details.without_own_texts(donor, rewritten(model.columns, donor, fresh))
    return Decoy(row, tuple(drawn), columns, place.after)


def _refuse_repeated_keys(model: TableModel, decoys: Sequence[Decoy], taken: Taken) -> None:
    keys = [tuple(decoy.cells[at] for at in model.key) for decoy in decoys]
    if len(set(keys)) < len(keys) or any(taken.keys(keys)):
        names = ", ".join(model.columns[at].name for at in model.key)
        raise UnusableInput(
            f"no free keys are left in {names}", hint="register with another --key, or ask for fewer decoys"
        )


_PUBLIC = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.uk icloud.com me.com
    aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru yandex.ru proton.me
    protonmail.com orange.fr wanadoo.fr free.fr laposte.net libero.it seznam.cz wp.pl onet.pl qq.com 163.com
    """.split()
)


def _domain(text: str) -> str:
    problem = UnusableInput(f"domains: {text!r} is no mail domain", hint='write it like "post.example.ie"')
    try:
        domain = text.strip().lower().encode("idna").decode()
    except UnicodeError as error:
        raise problem from error
    if not _DOMAIN.fullmatch(domain):
        raise problem
    if domain in _PUBLIC:
        raise UnusableInput(
            f"domains: at {domain} everybody can have an address", hint="name a domain that is yours alone"
        )
    return domain


def _reserved_domains(model: TableModel, settings: DecoySettings) -> list[str]:
    if settings.domains or not model.positions(Kind.EMAIL):
        return []
    return ["decoys have addresses at example.com, .net and .org: name a domain of yours in the settings"]


def _lonely_domains(model: TableModel, settings: DecoySettings) -> list[str]:
    """Says at which owned domains no row of the sample has an address: there decoys are among themselves."""
    places = model.positions(Kind.EMAIL)
    if not places:
        return []
    used = {str(row[at]).strip().lower().rpartition("@")[2] for row in model.sample for at in places}
    lonely = [domain for domain in settings.domains if _domain(domain) not in used]
    if not lonely:
        return []
    named = ", ".join(lonely[:3]) + (f" and {len(lonely) - 3} more domains" if len(lonely) > 3 else "")
    return [f"only decoys have addresses at {named}: somebody who groups by domain sees them together"]


def _left_empty(
    model: TableModel, donors: Sequence[Row], decoys: Sequence[Decoy]
) -> tuple[list[str], list[str]]:
    """Columns that decoys go without although their donors have something there: (reasons to strip, notes).

    Where every row of the sample has something, an empty cell tells a decoy.
    """
    always: list[str] = []
    mostly: list[str] = []
    for at, column in enumerate(model.columns):
        bare = any(donor[at] and not decoy.cells[at] for donor, decoy in zip(donors, decoys, strict=True))
        if column.kind in _MAY_BE_EMPTY and bare:
            (always if all(row[at] not in (None, "") for row in model.sample) else mostly).append(column.name)
    return (
        [f"{name} is empty in decoys only" for name in always],
        [f"decoys have nothing in {', '.join(mostly)}"] if mostly else [],
    )
