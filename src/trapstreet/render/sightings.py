"""Sightings in plain words: which decoy, from where, what it looks like."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import msgspec

from trapstreet.core.model.place import Origin, Place
from trapstreet.core.model.words import counted, printable
from trapstreet.index import is_planting
from trapstreet.render.plantings import short
from trapstreet.sightings import Client, Kind, Label
from trapstreet.sightings import joint as together
from trapstreet.store.models import Sighting

_ORIGINS: Mapping[Origin, str] = MappingProxyType(
    {
        Origin.HOSTING: "a data centre",
        Origin.CDN: "a content network",
        Origin.VPN: "a VPN",
        Origin.TOR: "Tor",
        Origin.BOT: "a crawler's network",
        Origin.RESERVED: "",
        Origin.UNKNOWN: "in no list of networks",
    }
)

_CLIENTS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.PERSON: "looks like a person",
        Kind.PREVIEW: "looks like a link preview",
        Kind.SCANNER: "looks like a scanner of mails or links",
        Kind.IMAGE_PROXY: "looks like a picture proxy",
        Kind.CRAWLER: "looks like a crawler",
        Kind.ECHO: "looks like name servers among themselves",
        Kind.TOOL: "looks like a program that somebody runs",
        Kind.UNKNOWN: "nothing says who did it",
    }
)


def set_up_lines(path: Path) -> Iterator[str]:
    """What to do with the settings of a new trap."""
    folder = path.parent
    yield f"{path} is written. What is next:"
    yield "1. Look at it. Under [dns] addresses have to be filled in. Without a certificate https:// is not"
    yield "   heard: get one for the names, and take in the lines with tls, certificate and key."
    yield f"2. Move {folder} to the machine that is to listen, where it belongs to the trap's user alone."
    yield "   It holds no secret: the key in it can only seal."
    yield "3. There: trapstreet serve --only trap --folder DIR"
    yield "4. Here: trapstreet work --trap DIR (docs/sightings.md says how if DIR is on another machine)."
    yield f'Or run both here: trap = "{folder}" under [serve] in trapstreet.toml, then trapstreet serve.'


class Shown(msgspec.Struct, frozen=True):
    """An incident, by that of its sightings which looks least like an automaton.

    decoy     "p3/17"; planting, copy  whose it is, both None for one that several copies share
    where     where the decoy lies;  uses  how many sightings the incident has
    at        the sighting's time, UTC;  first, last  the incident's
    labels    how many sightings had which label
    named     one of them named the persona;  expected  all of them were declared beforehand
    own_traffic  the decoy was heard before it lay anywhere
    """

    decoy: str | None
    planting: str | None
    copy: str | None
    where: str
    channel: str
    at: datetime
    first: datetime
    last: datetime
    uses: int
    access: Place
    client: Client
    label: Label
    labels: dict[str, int]
    named: bool
    expected: bool
    own_traffic: bool


class Listed(msgspec.Struct, frozen=True):
    """Incidents, the last first, and what there is in all.

    background  hits with nobody's names, by channel;  background_a_day  the same of an average day
    damaged     records of traps that were kept aside
    joint       by planting, copy or pool: what the uses of several of its decoys say together
    """

    incidents: tuple[Shown, ...]
    uses: int
    background: dict[str, int]
    background_a_day: dict[str, float]
    damaged: int
    joint: dict[str, together.Joint]


def sighting_row(
    row: Sighting,
    uses: int,
    *,
    where: str,
    access: Place,
    client: Client,
    label: Label,
    own_traffic: bool = False,
) -> Shown:
    """A sighting with all that is told of it."""
    owner, incident = row.owner, row.incident
    planting = is_planting(owner)
    return Shown(
        decoy=f"{short(owner)}/{row.decoy + 1}" if planting else None,
        planting=owner if planting else None,
        copy=None if planting or owner.startswith("pool-") else owner,
        where=where,
        channel=row.heard.channel,
        at=_time(row.heard.at),
        first=_time(incident.first),
        last=_time(incident.last),
        uses=uses,
        access=access,
        client=client,
        label=label,
        labels=dict(incident.kinds),
        named=incident.named,
        expected=incident.expected,
        own_traffic=own_traffic,
    )


def listed_lines(listed: Listed) -> Iterator[str]:
    """What there is, for people."""
    a_day = listed.background_a_day
    noise = [
        f"{channel} {count:,} ({a_day[channel]:,.0f} a day)" for channel, count in listed.background.items()
    ]
    yield (
        f"{counted(len(listed.incidents), 'incident')}, {counted(listed.uses, 'use')} of decoys; background "
        f"(names that are nobody's): {', '.join(noise) or 'none'}."
    )
    if listed.damaged:
        yield f"DAMAGED: {counted(listed.damaged, 'record')} of traps cannot be opened, and are kept aside."
    for owner, joint in listed.joint.items():
        if joint.decoys < 2:
            continue
        yield f"Together, by a model of what decoys meet anyway: {_called(owner)}: {', '.join(joint.why)}."
    for each in listed.incidents:
        yield from _lines(each)


def taken_line(hits: int, uses: int, *, background: int, damaged: int) -> str:
    """What the worker took."""
    others = f"{background:,} of names that are nobody's"
    line = f"{counted(hits, 'hit')} taken: {counted(uses, 'use')} of decoys, {others}."
    if damaged:
        line += f" DAMAGED: {counted(damaged, 'record')} cannot be opened; kept aside in the registry."
    return line


def _lines(shown: Shown) -> Iterator[str]:
    what = shown.decoy or (f"copy {shown.copy}" if shown.copy else "a shared decoy")
    yield ""
    yield f"{_minute(shown.last)}  {what}, {shown.where}  ({shown.channel})"
    yield f"  from {', '.join(_access(shown.access))}"
    yield f"  {'; '.join(_who(shown))}"
    if shown.expected:
        yield "  EXPECTED: all of it was declared beforehand"
    if shown.named:
        yield "  NAMED: whoever it was knows more of the decoy than what was used"
    if shown.uses > 1:
        yield f"  {counted(shown.uses, 'use')} in this incident, since {_minute(shown.first)}"


def _called(owner: str) -> str:
    if is_planting(owner):
        return short(owner)
    return "shared decoys" if owner.startswith("pool-") else f"copy {owner}"


def _access(access: Place) -> Iterator[str]:
    if not access.address:
        yield "an address that is not known"
        return
    yield printable(access.address)
    yield access.side
    yield from filter(None, (access.country, access.holder))
    if origin := _ORIGINS[access.origin]:
        yield f"{origin} ({access.provider})" if access.provider else origin


def _who(shown: Shown) -> Iterator[str]:
    label, client = shown.label, shown.client
    name = f" ({label.automaton})" if label.automaton else ""
    yield f"{_CLIENTS[label.kind]}{name}"
    if label.score:
        sure = "probably" if label.spares else "perhaps" if label.score > 0 else "hardly"
        yield f"{sure} an automaton at its own work ({label.score:+g} bits)"
    if client.family:
        yield f"{client.family} on {client.system}" if client.system else client.family
    yield from label.why


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
