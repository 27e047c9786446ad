"""Places of access from databases on this machine. Nothing is ever asked of anybody else.

Countries and networks come from MaxMind DB files that the user brings (GeoLite2, DB-IP, IPinfo and others are
published in that form), hosting, VPN, Tor and crawlers' ranges from the lists that `iporigin` brings along.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.place import Address, Network, Origin, Place, is_inside, network_of, parsed
from trapstreet.core.model.words import printable

if TYPE_CHECKING:
    from maxminddb import Reader

_DAY = 86_400
_LONGEST = 120
_BROKEN = (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError)
"""What the reader raises for a damaged file, beside its own error."""


class _Database(NamedTuple):
    path: Path
    reader: "Reader"
    built: int


class Places:
    """The user's databases, opened. A context that closes them.

    databases  MaxMind DB files; where two tell of a country or a network, the first counts. Read into memory
               whole, so that they may be replaced while they are in use (35 µs for an address)
    inside     the user's own networks, like "10.0.0.0/8"
    Raises Unreachable, AccessDenied or UnusableInput for a file that is not there, may not be read or is no
    such database, and UnusableInput for a network that is none.
    """

    def __init__(self, *, databases: Sequence[Path] = (), inside: Iterable[str] = ()) -> None:
        self._inside = [_network(text) for text in inside]
        with ExitStack() as closing:
            self._databases = [_opened(path, closing) for path in databases]
            self._closing = closing.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def of(self, address: str, *, at: int) -> Place:
        """What is known of an address at a time (Unix microseconds, UTC), from which ages are counted.

        Any text is taken: what is no address is a Place without network. Raises UnusableInput where a
        database turns out to be damaged.
        """
        found = parsed(address)
        if found is None:
            return Place(address[:_LONGEST], "")
        seconds = at // 1_000_000
        records = [_record(database, found) for database in self._databases]
        origin, provider = _origin(found)
        return Place(
            str(found),
            network_of(found),
            country=next(filter(None, map(_country, records)), ""),
            holder=next(filter(None, map(_holder, records)), ""),
            age=max((_days(database.built, seconds) for database in self._databases), default=None),
            origin=origin,
            provider=provider,
            origin_age=_days(_lists_built(), seconds),
            inside=is_inside(found, self._inside),
        )


def _opened(path: Path, closing: ExitStack) -> _Database:
    import maxminddb

    hint = "give a MaxMind DB file (.mmdb) of countries or networks"
    try:
        reader = closing.enter_context(maxminddb.open_database(path, maxminddb.MODE_MEMORY))
        return _Database(path, reader, int(reader.metadata().build_epoch))
    except PermissionError as error:
        raise AccessDenied(f"{path} may not be read", hint="give this user the right to read it") from error
    except OSError as error:
        raise Unreachable(f"{path} cannot be opened: {error.strerror}", hint=hint) from error
    except (maxminddb.InvalidDatabaseError, *_BROKEN) as error:
        raise UnusableInput(f"{path} is no MaxMind DB file, or damaged", hint=hint) from error


def _record(database: _Database, address: Address) -> Mapping[str, Any]:
    from maxminddb import InvalidDatabaseError

    if address.version == 6 and database.reader.metadata().ip_version == 4:
        return {}
    try:
        found = database.reader.get(address)
    except (InvalidDatabaseError, *_BROKEN) as error:
        raise UnusableInput(f"{database.path} is damaged", hint="fetch it again") from error
    return found if isinstance(found, dict) else {}


def _country(record: Mapping[str, Any]) -> str:
    """GeoLite2 and DB-IP nest it, others have it flat, and IPinfo the country's name beside its code."""
    nested = record.get("country") or record.get("registered_country")
    nested = nested.get("iso_code") if isinstance(nested, dict) else nested
    codes = [code for code in (nested, record.get("country_code")) if isinstance(code, str)]
    return next((code for code in codes if re.fullmatch("[A-Z]{2}", code)), "")


def _holder(record: Mapping[str, Any]) -> str:
    number = record.get("autonomous_system_number") or record.get("asn") or ""
    name = record.get("autonomous_system_organization") or record.get("as_name") or ""
    number = f"AS{number}" if isinstance(number, int) else number
    text = " ".join(part for part in (number, name) if isinstance(part, str) and part)
    return printable(text[:_LONGEST])


def _origin(address: Address) -> tuple[Origin, str]:
    from iporigin import classify

    found = classify(address)  # type: ignore[no-untyped-call]
    return Origin(found.kind), found.provider


@cache
def _lists_built() -> int:
    from iporigin import dataset_info

    return int(dataset_info()["built_at"])  # type: ignore[no-untyped-call]


def _days(built: int, seconds: int) -> int:
    return max(0, (seconds - built) // _DAY)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise UnusableInput(
            f"{text!r} cannot be one of the networks inside", hint="write it like 10.0.0.0/8"
        ) from error
