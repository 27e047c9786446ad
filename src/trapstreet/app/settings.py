"""`trapstreet.toml`: what a workspace is, in a file that people read and edit."""

import re
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trapstreet.app.settings_lines import line_of, line_of_message
from trapstreet.app.settings_text import FILE_NAME, FORMAT, new_settings_text, with_value
from trapstreet.app.settings_values import read_keep, read_marks, read_share
from trapstreet.core.model.amounts import bytes_of, seconds_of
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.sections import in_our_words, within
from trapstreet.core.model.urls import without_password

if TYPE_CHECKING:
    from trapstreet.cases import Route

    Options = dict[str, Any]

__all__ = [
    "FILE_NAME",
    "FORMAT",
    "Settings",
    "access_every",
    "evidence_limits",
    "new_settings_text",
    "parse_settings",
    "read_keep",
    "read_marks",
    "read_settings",
    "read_share",
    "routes_of",
    "with_value",
]


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


class AccessSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose rights the worker compares, and how often: URLs without passwords, and folders (`access_every`).
    `reminders` is the route of the kind mail by which owners are reminded of reviews; "" reminds nobody.
    `jobs` are programs whose uses are no person's."""

    targets: tuple[str, ...] = ()
    every: str = "1 day"
    reminders: str = ""
    jobs: tuple[str, ...] = ()


class DiscoverSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What free text is read by: a pipeline of spaCy's by its name or its folder (relative to the workspace),
    or a language like "en" for all but the names of people; "" reads none."""

    texts: str = ""


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
    access: AccessSection = AccessSection()
    discover: DiscoverSection = DiscoverSection()
    trace: TraceSection = TraceSection()


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
        raise UnusableInput(
            f"{label}{line_of_message(text, str(error))}: {said}", hint="mend that line"
        ) from error
    _check_values(settings, text, label=label)
    return settings


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
            f"{label}{line_of(text, 'work', 'port')}: {settings.work.port} is no port",
            hint="9465 is usual, 0 opens none",
        )
    read_keep(settings.work.keep, where=f"{label}{line_of(text, 'work', 'keep')}: keep under [work]")
    evidence_limits(settings, text, label=label)
    access_every(settings, text, label=label)
    _check_access(settings, text, label=label)
    routes_of(settings, text, label=label)
    for name, section in settings.share.items():
        lines = {key: line_of(text, f"share.{name}", key) for key in ("withhold", "marks")}
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
            f"{label}{line_of(text, 'suppression', 'address')}: {section.address!r} is no address",
            hint='write it like "127.0.0.1" or "0.0.0.0"',
        ) from error
    if not 0 < section.port < 1 << 16:
        raise UnusableInput(
            f"{label}{line_of(text, 'suppression', 'port')}: {section.port} is no port", hint="8480 is usual"
        )
    if bool(section.certificate) != bool(section.key):
        raise UnusableInput(
            f"{label}{line_of(text, '', 'suppression')}: certificate and key under [suppression] go together",
            hint="set both, or neither",
        )


def access_every(settings: Settings, text: str = "", *, label: str = FILE_NAME) -> int:
    """The microseconds between two looks at the rights of a target. Raises UnusableInput for a time that is
    none."""
    where = f"{label}{line_of(text, 'access', 'every')}: every under [access]"
    return seconds_of(settings.access.every, where=where) * 1_000_000


def _check_access(settings: Settings, text: str, *, label: str) -> None:
    for target in settings.access.targets:
        if without_password(target) != target:
            raise UnusableInput(
                f"{label}{line_of(text, 'access', 'targets')}: a password does not belong here",
                hint="the docs of access map say from where it is taken: PGPASSWORD, .pgpass, …",
            )
    route = settings.access.reminders
    if route and settings.notify.get(route, {}).get("kind") != "mail":
        raise UnusableInput(
            f"{label}{line_of(text, 'access', 'reminders')}: {route!r} is no route of the kind mail",
            hint="name a section [notify.NAME] that says how mail is sent",
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
        key: f"{label}{line_of(text, 'evidence', key)}: {key} under [evidence]"
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
        where = f"{label}{line_of(text, '', f'notify.{name}')}: [notify.{name}]"
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
                f"{label}{line_of(text, 'decoys', 'domains')}: {domain!r} cannot be one of the domains under"
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
                where = f"{label}{line_of(text, 'trap', name)}"
                raise UnusableInput(
                    f"{where}: {value!r} cannot be one of the {name} under [trap]",
                    hint=f"write it like {like}",
                )
    for value in trap.inside:
        try:
            ip_network(value)
        except ValueError as error:
            raise UnusableInput(
                f"{label}{line_of(text, 'trap', 'inside')}: {value!r} cannot be one of the networks inside",
                hint="write it like 10.0.0.0/8",
            ) from error
