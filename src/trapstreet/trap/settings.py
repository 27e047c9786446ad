"""`trap.toml`: what a trap hears and where, in a file that people read and edit."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.sections import read_section
from trapstreet.plugins.listeners import kinds

FILE_NAME = "trap.toml"

_HINT = "mend that; docs/trap.md has all"


class SpoolSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[spool]: how many megabytes may wait for the worker."""

    megabytes: int = 10_000


class LimitsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[limits]: hits of one network (IPv4 /24, IPv6 /48) that are kept one by one, a second and at once, and
    a second those of all networks together whose addresses can be forged; a hit of more than 1 KiB counts as
    several. Those beyond are counted."""

    hits_a_second: float = 100.0
    at_once: float = 2000.0
    forgeable_a_second: float = 500.0


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
            f"{folder} holds no {FILE_NAME}",
            hint="look at its name (--folder, or trap under [serve] in trapstreet.toml), or write one:"
            " trapstreet serve --only trap --folder DIR --set-up",
        ) from error
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path} is not UTF-8", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UnusableInput(f"{path} is not TOML: {error}", hint="mend that line") from error
    sections = {name: given.pop(name) for name in kinds() if name in given}
    read = read_section(given, _File, where=str(path), hint=_HINT)
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
            name: read_section(
                section, kinds()[name].settings, where=f"{path}, [{name}]", hint=_HINT, folder=folder
            )
            for name, section in sections.items()
        },
    )


def _check(read: _File, *, where: str) -> None:
    if not re.fullmatch("[0-9a-f]{64}", read.worker):
        raise UnusableInput(
            f"{where}: worker is not 64 hexadecimal digits", hint="it is the worker's public key"
        )
    if min(read.spool.megabytes, *msgspec.structs.astuple(read.limits)) <= 0:
        raise UnusableInput(f"{where}: limits and megabytes are more than 0", hint="leave them out")
    if not 0 <= read.status.port < 1 << 16:
        raise UnusableInput(f"{where}: {read.status.port} is no port", hint="9464 is usual, 0 opens none")
