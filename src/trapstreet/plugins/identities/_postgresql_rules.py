"""What is wrong with a PostgreSQL server's settings, and with its rules by which one logs in: pg_hba.conf."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trapstreet.core.model.accounts import Flaw

SETTINGS = (
    "listen_addresses", "ssl", "ssl_min_protocol_version", "password_encryption", "shared_preload_libraries",
)  # fmt: skip
"""What `flaws_of_settings` looks at."""

_HERE = frozenset({"", "localhost", "127.0.0.1", "::1"})
_CHECKERS = ("passwordcheck", "credcheck", "passwordpolicy")
_BY_PASSWORD = frozenset({"password", "md5", "scram-sha-256", "ldap", "radius", "pam", "bsd"})
_SENDS_PASSWORD = frozenset({"password", "ldap", "radius", "pam", "bsd"})
"""By which the server gets the password itself."""
_WIDE_4, _WIDE_6 = 8, 24
"""Prefixes shorter than these are taken for "every address"."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Rule:
    """One line, as pg_hba_file_rules shows it."""

    line: int
    type: str
    databases: list[str]
    users: list[str]
    address: str | None
    netmask: str | None
    method: str


def flaws_of_settings(settings: Mapping[str, str]) -> Iterator[tuple[Flaw, str]]:
    """The flaws of those settings that are known."""
    addresses = {each.strip() for each in settings.get("listen_addresses", "*").split(",")}
    tls = settings.get("ssl")
    if tls == "off" and not addresses <= _HERE:
        yield Flaw.NO_TLS, "ssl is off"
    if tls == "on" and settings.get("ssl_min_protocol_version") in ("", "TLSv1", "TLSv1.1"):
        yield Flaw.OLD_TLS, "ssl_min_protocol_version allows them"
    if settings.get("password_encryption") in ("md5", "on"):
        yield Flaw.WEAK_NEW_FORM, "password_encryption is md5"
    modules = settings.get("shared_preload_libraries")
    if modules is not None and not any(each in modules for each in _CHECKERS):
        yield Flaw.NO_QUALITY_CHECK, "neither passwordcheck nor another such module is loaded"


def flaws_of(rules: Sequence[Rule]) -> Iterator[tuple[Flaw, str]]:
    """The flaws of those lines that any login comes to; an earlier one that fits everything hides a later."""
    before: list[Rule] = []
    for rule in rules:
        if any(_hides(earlier, rule) for earlier in before):
            continue
        before.append(rule)
        for flaw in _flaws(rule):
            yield flaw, _text(rule)


def _flaws(rule: Rule) -> Iterator[Flaw]:
    by_network = rule.type != "local"
    encrypted = rule.type in ("hostssl", "hostgssenc")
    far = by_network and not _loopback(rule)
    if rule.method == "trust":
        yield Flaw.TRUSTED
    if rule.method in _SENDS_PASSWORD and far and not encrypted:
        yield Flaw.CLEAR_LOGIN
    if rule.method == "ident" and far:
        yield Flaw.CLIENT_DECIDES
    if rule.method in _BY_PASSWORD and not encrypted and by_network and _wide(rule):
        yield Flaw.OPEN_TO_ALL


def _hides(earlier: Rule, later: Rule) -> bool:
    """Whether every login that fits the later line fits the earlier one, which decides then."""
    if earlier.type == "local" or later.type == "local":
        types = earlier.type == later.type
    else:
        types = earlier.type in ("host", later.type)
    if (
        not types
        or not _covers(earlier.databases, later.databases)
        or not _covers(earlier.users, later.users)
    ):
        return False
    if earlier.type == "local" or earlier.address == "all":
        return True
    if (earlier.address, earlier.netmask) == (later.address, later.netmask):
        return True
    wide, narrow = _network(earlier), _network(later)
    if wide is None or narrow is None or wide.version != narrow.version:
        return False
    return narrow.subnet_of(wide)  # type: ignore[arg-type]  # the versions are equal


def _covers(earlier: Sequence[str], later: Sequence[str]) -> bool:
    """ "all" does not cover "replication", which is no database."""
    plain = all(not each.startswith(("+", "/", "@")) for each in earlier)
    if "all" in earlier:
        return "replication" not in later or "replication" in earlier
    return plain and set(later) <= set(earlier)


def _network(rule: Rule) -> Network | None:
    try:
        mask = f"/{rule.netmask}" if rule.netmask and ":" not in rule.netmask else ""
        if rule.netmask and ":" in rule.netmask:
            mask = f"/{int(ipaddress.IPv6Address(rule.netmask)).bit_count()}"
        return ipaddress.ip_network(f"{rule.address}{mask}", strict=False)
    except ValueError:  # a host's name, samehost, samenet
        return None


def _wide(rule: Rule) -> bool:
    if rule.address == "all":
        return True
    network = _network(rule)
    return network is not None and network.prefixlen < (_WIDE_4 if network.version == 4 else _WIDE_6)


def _loopback(rule: Rule) -> bool:
    network = _network(rule)
    return rule.address in ("localhost", "samehost") or (network is not None and network.is_loopback)


def _text(rule: Rule) -> str:
    network = _network(rule)
    where = "" if rule.type == "local" else f" {network if network is not None else rule.address}"
    words = f"{rule.type} {','.join(rule.databases)} {','.join(rule.users)}{where} {rule.method}"
    return f"pg_hba.conf line {rule.line}: {words}"
