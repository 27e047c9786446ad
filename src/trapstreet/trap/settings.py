"""`trap.toml`: what a trap hears and where, in a file that people read and edit."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import fields

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import kinds

FILE_NAME = "trap.toml"


class SpoolSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[spool]: how many megabytes may wait for the worker."""

    megabytes: int = 10_000


class LimitsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[limits]: hits of one network (IPv4 /24, IPv6 /48) that are kept one by one, a second and at once; a
    hit of more than 1 KiB counts as several. Those beyond are counted."""

    hits_a_second: float = 100.0
    at_once: float = 2000.0


class StatusSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[status]: the port on 127.0.0.1 that says how the trap is; 0 opens none."""

    port: int = 9464


class TrapSettings(msgspec.Struct, frozen=True):
    """The whole of `trap.toml`.

    folder     where it lies, and the spool
    worker     X25519 public key of the worker, 32 bytes
    user       whom to become when the ports are open; "" stays whoever started it
    listeners  settings of each listener that has a section, by its name
    """

    folder: Path
    worker: bytes
    user: str
    spool: SpoolSection
    limits: LimitsSection
    status: StatusSection
    listeners: Mapping[str, msgspec.Struct]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    worker: str
    user: str = ""
    spool: SpoolSection = SpoolSection()
    limits: LimitsSection = LimitsSection()
    status: StatusSection = StatusSection()


def read_settings(folder: Path) -> TrapSettings:
    """The settings of the trap in a folder. Raises UnusableInput for anything wrong in them."""
    path = folder / FILE_NAME
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UnusableInput(
            f"{folder} holds no {FILE_NAME}", hint="write one (docs/trap.md), or give another --folder"
        ) from error
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path} is not UTF-8", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UnusableInput(f"{path} is not TOML: {error}", hint="mend that line") from error
    sections = {name: given.pop(name) for name in kinds() if name in given}
    read = _converted(given, _File, where=str(path))
    if not sections:
        raise UnusableInput(
            f"{path} says nothing to listen at", hint=f"add a section: {', '.join(f'[{n}]' for n in kinds())}"
        )
    _check(read, where=str(path))
    return TrapSettings(
        folder=folder,
        worker=bytes.fromhex(read.worker),
        user=read.user,
        spool=read.spool,
        limits=read.limits,
        status=read.status,
        listeners={
            name: _converted(section, kinds()[name].settings, where=f"{path}, [{name}]", folder=folder)
            for name, section in sections.items()
        },
    )


def _check(read: _File, *, where: str) -> None:
    if not re.fullmatch("[0-9a-f]{64}", read.worker):
        raise UnusableInput(
            f"{where}: worker is not 64 hexadecimal digits", hint="it is the worker's public key"
        )
    if min(read.spool.megabytes, read.limits.hits_a_second, read.limits.at_once) <= 0:
        raise UnusableInput(f"{where}: limits and megabytes are more than 0", hint="leave them out")
    if not 0 <= read.status.port < 1 << 16:
        raise UnusableInput(f"{where}: {read.status.port} is no port", hint="9464 is usual, 0 opens none")


def _converted(given: object, kind: type[Any], *, where: str, folder: Path = Path()) -> Any:
    def path(wanted: type[Any], value: object) -> object:
        if wanted is Path and isinstance(value, str):
            return folder / value
        raise NotImplementedError(wanted)

    if isinstance(given, dict):
        own = {each.name: str(each.default) for each in fields(kind) if isinstance(each.default, Path)}
        given = own | given
    try:
        return msgspec.convert(given, kind, dec_hook=path)
    except (msgspec.ValidationError, NotImplementedError) as error:
        raise UnusableInput(
            f"{where}: {_plain(str(error))}", hint="mend that; docs/trap.md has all"
        ) from error


def _plain(message: str) -> str:
    """msgspec's words in ours."""
    if unknown := re.search(r"unknown field `([^`]*)`", message):
        return f"unknown key {unknown[1]!r}"
    if missing := re.search(r"missing required field `([^`]*)`", message):
        return f"{missing[1]!r} is missing"
    return message.replace("`$.", "`").replace("Expected", "expected", 1)
