"""`trapstreet.toml`: what a workspace is, in a file that people read and edit."""

import re
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trapstreet.core.model.amounts import bytes_of, seconds_of
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.sections import in_our_words, within

if TYPE_CHECKING:
    from trapstreet.cases import Route

    Options = dict[str, Any]

FILE_NAME = "trapstreet.toml"
FORMAT = 1

MOST_WITHHELD = 0.05
"""The largest share of a data set's rows that a copy may go without."""

_LEAST_KEPT = 30
"""Days."""

_TEMPLATE = """\
# A trapstreet workspace. What may be changed here says so; the rest is written by trapstreet.

[workspace]
id = {id}
created = {created}
format = {format}

[database]
# SQLite in this folder, or PostgreSQL: postgresql://USER@HOST/DATABASE. The password does not belong here: it
# is kept beside the master key, or taken from PGPASSWORD, PGSERVICE or ~/.pgpass.
url = {url}

[keys]
# The folder with this workspace's master key; "" is trapstreet/keys in your configuration folder. The folder
# in the variable TRAPSTREET_KEYS is looked at first. May be changed when the folder moves.
folder = {folder}
# Public halves and a check value: they open nothing.
log = {log}
kit = {kit}
check = {check}

[decoys]
# May be changed: mail domains and telephone numbers that belong to you and reach nobody else. Decoys get
# their addresses and numbers from here, web addresses too (www.your.domain). Without them decoys use names
# reserved for examples, and whoever knows that can strip them.
domains = []
phones = []

[trap]
# May be changed: web addresses below which your trap answers, and DNS zones that it answers for. Breadcrumbs
# get their links and host names from here, and decoys their web addresses: urls = ["https://cdn.your.domain/"],
# zones = ["your-net.domain"].
urls = []
zones = []
# May be changed: your own networks, inside = ["10.0.0.0/8"], and MaxMind DB files of countries and networks
# that you bring, geography = ["/srv/geo/GeoLite2-City.mmdb"]: sightings then say from where.
inside = []
geography = []

[work]
# May be changed: folders of traps that trapstreet work takes what they heard from, like
# traps = ["/var/lib/trapstreet-trap"].
traps = []
# May be changed: how long uses of decoys are kept after the last one, and after their case was closed. What
# belongs to an open case is kept. "" keeps all for ever.
keep = "3 years"

[serve]
# May be changed: the folder of the trap that trapstreet serve runs on this machine beside the worker, like
# trap = "trap" (trapstreet serve --only trap --folder trap --set-up makes it). "" is none.
trap = ""

# [callback.NAME] may be added for each service that tells of calls, mails and tokens; docs/callbacks.md.
# [callback.calls]
# kind = "twilio"
# url = "https://cdn.your.domain/hooks/calls"
# secret_file = "twilio.token"

# [suppression] may be added: jobs on other machines then send their rows by HTTP (docs/suppression.md), and
# trapstreet serve answers them. All but the line itself may be left out.
# [suppression]
# address = "127.0.0.1"
# port = 8480
# certificate = "fullchain.pem"
# key = "privkey.pem"

# [notify.NAME] may be added for each way by which people are told of alerts; docs/alerts.md has all rules.
# [notify.desk]
# kind = "mail"
# host = "smtp.your.domain"
# from = "trapstreet@your.domain"
# to = ["security@your.domain"]
# least = "medium"

# [share.NAME] may be added for a data set NAME: what each of its copies goes without or has spelled in its
# own way, so that even a leak without decoys tells whose it was. Nothing unless it stands here.
# [share.customers]
# withhold = "1%"
# marks = ["phone=phone-layout", "email=letter-case"]

[scan]
# May be changed: values of yours that anybody may have, an address or a number that you publish. They are set
# aside wherever they are found: public = ["info@your.domain", "+353 1 900 0100"].
public = []

[evidence]
# May be changed: of what the watch finds a sealed snapshot is kept for so long, and for so long after its
# case was closed; of larger objects the beginning; all of them together take no more than this room.
keep = "90 days"
largest = "100 MB"
room = "10 GB"

[trace]
# May be changed: the largest chance, over all copies together, that an innocent copy is accused.
bound = 1e-6
"""


class WorkspaceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which workspace this is; `created` is a date (ISO 8601), `format` the layout of the folder."""

    id: str
    created: str
    format: int


class DatabaseSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the registry lies."""

    url: str


class KeysSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Public halves of the workspace's keys, and where the key folder is.

    log    C2SP verifier key of the log's checkpoints
    kit    X25519 key of the recovery kit in hexadecimal; "" while there is none
    check  `KeyRing.check` of the right keys
    """

    log: str
    check: str
    kit: str = ""
    folder: str = ""


class DecoysSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decoys may be made of."""

    domains: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


class TrapSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a use of a breadcrumb is heard; by what its place of access is told: networks of one's own, and
    databases (relative to the workspace)."""

    urls: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    geography: tuple[str, ...] = ()


class WorkSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the worker does: `traps` are folders, relative to the workspace; `port`, on 127.0.0.1, says how it
    is, 0 opens none; `keep` is how long sightings are kept, "" for ever (`read_keep`)."""

    traps: tuple[str, ...] = ()
    port: int = 9465
    keep: str = "3 years"


class ServeSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What runs on this machine beside the worker: the folder of a trap, relative to the workspace."""

    trap: str = ""


class SuppressionSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where suppression listens for HTTP; certificate and key are PEM files, relative to the workspace."""

    address: str = "127.0.0.1"
    port: int = 8480
    certificate: str = ""
    key: str = ""


class ShareSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the copies of one data set may go without: `withhold` is a share of the rows, like "1%"; and what
    may be spelled otherwise in them: `marks` are COLUMN=MARK (docs/marks.md)."""

    withhold: str = "0%"
    marks: tuple[str, ...] = ()


class ScanSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not worth a finding."""

    public: tuple[str, ...] = ()


class EvidenceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of what the watch finds (`evidence_limits`): how long, how much of an object, how much in
    all."""

    keep: str = "90 days"
    largest: str = "100 MB"
    room: str = "10 GB"


class TraceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sure an accusation must be."""

    bound: float = 1e-6


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `trapstreet.toml`; `notify` and `callback` as they stand there (`routes_of` and
    app.calling read them)."""

    workspace: WorkspaceSection
    database: DatabaseSection
    keys: KeysSection
    decoys: DecoysSection = DecoysSection()
    trap: TrapSection = TrapSection()
    work: WorkSection = WorkSection()
    serve: ServeSection = ServeSection()
    suppression: SuppressionSection | None = None
    notify: dict[str, dict[str, Any]] = {}
    callback: dict[str, dict[str, Any]] = {}
    share: dict[str, ShareSection] = {}
    scan: ScanSection = ScanSection()
    evidence: EvidenceSection = EvidenceSection()
    trace: TraceSection = TraceSection()


def new_settings_text(
    *, workspace_id: str, created: str, url: str, folder: str, log: str, kit: str, check: str
) -> str:
    """The commented file of a new workspace."""
    values = {
        "id": workspace_id,
        "created": created,
        "url": url,
        "folder": folder,
        "log": log,
        "kit": kit,
        "check": check,
    }
    return _TEMPLATE.format(format=FORMAT, **{name: _quoted(value) for name, value in values.items()})


def read_settings(path: Path) -> Settings:
    """The settings of a file. Raises UnusableInput for anything wrong in it, naming the line where it can."""
    return parse_settings(path.read_bytes(), label=str(path))


def parse_settings(data: bytes, *, label: str) -> Settings:
    """The settings of a file's content. Raises UnusableInput as `read_settings` does."""
    try:
        text = data.decode()
        given = tomllib.loads(text)
        settings = msgspec.convert(given, Settings)
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{label} is not UTF-8", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UnusableInput(f"{label} is not TOML: {error}", hint="mend that line") from error
    except msgspec.ValidationError as error:
        sections = [name for name, value in given.items() if isinstance(value, dict)]
        said = in_our_words(str(error), sections)
        raise UnusableInput(f"{label}{_line_of(text, str(error))}: {said}", hint="mend that line") from error
    _check_values(settings, text, label=label)
    return settings


def with_value(text: str, *, section: str, name: str, value: str) -> str:
    """The file with one text value replaced; comments and order stay."""
    pattern = re.compile(rf"(^\[{section}\]$(?:\n(?!\[).*)*?\n{name}[ \t]*=[ \t]*).*$", re.MULTILINE)
    changed, count = pattern.subn(lambda found: found[1] + _quoted(value), text)
    if count != 1:
        raise UnusableInput(
            f"{FILE_NAME} has no line {name!r} under [{section}]", hint="restore the file from a backup"
        )
    return changed


def _check_values(settings: Settings, text: str, *, label: str) -> None:
    if settings.workspace.format != FORMAT:
        raise UnusableInput(
            f"{label} has format {settings.workspace.format}, this trapstreet reads {FORMAT}",
            hint="use the trapstreet that wrote it",
        )
    if not 0 < settings.trace.bound < 1:
        raise UnusableInput(f"{label}: the bound under [trace] lies between 0 and 1", hint="1e-6 is usual")
    _check_domains(settings.decoys, text, label=label)
    _check_trap(settings.trap, text, label=label)
    if settings.suppression:
        _check_suppression(settings.suppression, text, label=label)
    if not 0 <= settings.work.port < 1 << 16:
        raise UnusableInput(
            f"{label}{_line(text, 'work', 'port')}: {settings.work.port} is no port",
            hint="9465 is usual, 0 opens none",
        )
    read_keep(settings.work.keep, where=f"{label}{_line(text, 'work', 'keep')}: keep under [work]")
    evidence_limits(settings, text, label=label)
    routes_of(settings, text, label=label)
    for name, section in settings.share.items():
        lines = {key: _line(text, f"share.{name}", key) for key in ("withhold", "marks")}
        read_share(section.withhold, where=f"{label}{lines['withhold']}: withhold under [share.{name}]")
        read_marks(section.marks, where=f"{label}{lines['marks']}: marks under [share.{name}]")
    if settings.keys.kit and not re.fullmatch("[0-9a-f]{64}", settings.keys.kit):
        raise UnusableInput(
            f"{label}: the kit under [keys] is 64 hexadecimal digits", hint="restore it from a backup"
        )
    if not re.fullmatch("[a-z2-7]{16}", settings.workspace.id):
        raise UnusableInput(
            f"{label}: the id under [workspace] is no workspace's", hint="restore it from a backup"
        )


def _check_suppression(section: SuppressionSection, text: str, *, label: str) -> None:
    try:
        ip_address(section.address)
    except ValueError as error:
        raise UnusableInput(
            f"{label}{_line(text, 'suppression', 'address')}: {section.address!r} is no address",
            hint='write it like "127.0.0.1" or "0.0.0.0"',
        ) from error
    if not 0 < section.port < 1 << 16:
        raise UnusableInput(
            f"{label}{_line(text, 'suppression', 'port')}: {section.port} is no port", hint="8480 is usual"
        )
    if bool(section.certificate) != bool(section.key):
        raise UnusableInput(
            f"{label}{_line(text, '', 'suppression')}: certificate and key under [suppression] go together",
            hint="set both, or neither",
        )


class EvidenceLimits(msgspec.Struct, frozen=True):
    """How long snapshots are kept (microseconds), and how many bytes of an object, and of all."""

    keep: int
    largest: int
    room: int


def evidence_limits(settings: Settings, text: str = "", *, label: str = FILE_NAME) -> EvidenceLimits:
    """What [evidence] says. Raises UnusableInput for a time or a size that is none."""
    section = settings.evidence
    where = {
        key: f"{label}{_line(text, 'evidence', key)}: {key} under [evidence]"
        for key in ("keep", "largest", "room")
    }
    return EvidenceLimits(
        keep=seconds_of(section.keep, where=where["keep"]) * 1_000_000,
        largest=bytes_of(section.largest, where=where["largest"]),
        room=bytes_of(section.room, where=where["room"]),
    )


def routes_of(settings: Settings, text: str = "", *, label: str = FILE_NAME) -> "list[tuple[Route, Options]]":
    """The ways by which people are told, each with what of its section is its kind's own.

    Raises UnusableInput for rules that are none.
    """
    if not settings.notify:
        return []
    from trapstreet.cases import read_route

    routes = []
    for name, section in settings.notify.items():
        where = f"{label}{_line(text, '', f'notify.{name}')}: [notify.{name}]"
        if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,31}", name):
            raise UnusableInput(f"{where} is no name of a route", hint="small letters and digits, at most 32")
        with within(where):
            routes.append(read_route(name, section))
    for route, _ in routes:
        if route.escalates and route.escalates not in settings.notify.keys() - {route.name}:
            raise UnusableInput(
                f"{label}: [notify.{route.name}] escalates to {route.escalates!r}, which is no other route",
                hint="name another section [notify.NAME]",
            )
    return routes


def _check_domains(decoys: DecoysSection, text: str, *, label: str) -> None:
    for domain in decoys.domains:
        # Letters of any alphabet: mail programs write others than ASCII, too.
        if not re.fullmatch(r"([^\W_]([\w-]*[^\W_])?\.)+[^\W_]([\w-]*[^\W_])?", domain):
            raise UnusableInput(
                f"{label}{_line(text, 'decoys', 'domains')}: {domain!r} cannot be one of the domains under"
                " [decoys]",
                hint="write it like post.your.domain",
            )


def _check_trap(trap: TrapSection, text: str, *, label: str) -> None:
    for name, values, form, like in (
        ("urls", trap.urls, r"https?://[a-z0-9.-]+(:\d+)?(/[\w.~/-]*)?", "https://cdn.your.domain/"),
        ("zones", trap.zones, r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]", "your-net.domain"),
    ):
        for value in values:
            if not re.fullmatch(form, value, re.IGNORECASE | re.ASCII):
                raise UnusableInput(
                    f"{label}{_line(text, 'trap', name)}: {value!r} cannot be one of the {name} under [trap]",
                    hint=f"write it like {like}",
                )
    for value in trap.inside:
        try:
            ip_network(value)
        except ValueError as error:
            raise UnusableInput(
                f"{label}{_line(text, 'trap', 'inside')}: {value!r} cannot be one of the networks inside",
                hint="write it like 10.0.0.0/8",
            ) from error


def read_keep(text: str, *, where: str = "keep under [work]") -> int | None:
    """The microseconds that a text like "3 years", "18 months" or "90 days" names; None for "". Raises
    UnusableInput for another text, and for less than 30 days."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d{1,4}) *(day|month|year)s?", text.strip())
    days = int(found[1]) * {"day": 1, "month": 31, "year": 366}[found[2]] if found else 0
    if days < _LEAST_KEPT:
        raise UnusableInput(
            f"{where}: {text!r} is no time to keep sightings for",
            hint=f'write it like "3 years", at least {_LEAST_KEPT} days; "" keeps them for ever',
        )
    return days * 86_400_000_000


def read_share(text: str, *, where: str) -> float:
    """The share of the rows that a text like "1%" or "0.5 %" names. Raises UnusableInput for another text, or
    more than MOST_WITHHELD."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if not found or float(found[1]) > 100 * MOST_WITHHELD:
        raise UnusableInput(
            f"{where}: {text!r} is no share of the rows to withhold",
            hint=f"write it like 1%, at most {MOST_WITHHELD:.0%}",
        )
    return float(found[1]) / 100


def read_marks(texts: Sequence[str], *, where: str) -> tuple[tuple[str, str], ...]:
    """Pairs of column and mark, from texts like "phone=phone-layout". Raises UnusableInput for another
    text, and for a mark that there is not."""
    from trapstreet.core.marks import mark_named

    pairs = [text.rpartition("=") for text in texts]
    for text, (column, _, mark) in zip(texts, pairs, strict=True):
        if not column or not mark:
            raise UnusableInput(
                f"{where}: {text!r} is no COLUMN=MARK", hint="write it like phone=phone-layout"
            )
        try:
            mark_named(mark)
        except UnusableInput as error:
            raise UnusableInput(f"{where}: {error.message}", hint=error.hint) from error
    return tuple((column, mark) for column, _, mark in pairs)


def _line_of(text: str, message: str) -> str:
    """`, line N` of the key that a validation message speaks of, where it is found."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    where = re.search(r"at `\$\.?([^`]*)`", message)
    names = where[1].replace("[...]", ".*").split(".") if where and where[1] else []
    if unknown:
        names.append(unknown[1])
    *sections, name = names or [""]
    return _line(text, ".".join(sections), re.sub(r"\[.*", "", name))


def _line(text: str, section: str, name: str) -> str:
    """`, line N` of a key in a section, or of a section where that is ""; "" if there is not exactly one.

    A `*` in the section stands for any name.
    """
    found, inside = [], not section
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            own = re.sub("[\"']", "", header[1])
            inside = fnmatchcase(own, section)
            if not section and own == name:
                found.append(number)
        elif inside and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            found.append(number)
    return f", line {found[0]}" if len(found) == 1 else ""


def _quoted(text: str) -> str:
    """A TOML basic string."""
    import json

    return json.dumps(text, ensure_ascii=False)
