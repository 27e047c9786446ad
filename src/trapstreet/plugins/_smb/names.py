"""Names of SIDs, the domain of a server, and who has which privilege on it: [MS-LSAT] and [MS-LSAD] over its
pipe lsarpc."""

import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from trapstreet.plugins._smb.descriptors import packed_sid
from trapstreet.plugins._smb.rpc import Answer, Calls, counted_sid, held, packed, pointed

_OPEN, _QUERY, _NAMES, _HOLDERS, _QUERY_MORE = 44, 7, 15, 35, 46
_DOMAIN, _OWN_ACCOUNTS, _DNS_DOMAIN = 3, 5, 12
_ALL_ONE_MAY = struct.pack("<I", 0x02000000)
_SOME_UNKNOWN, _ALL_UNKNOWN, _MALFORMED, _NO_MORE = 0x107, 0xC0000073, 0xC0000078, 0x8000001A
_AT_ONCE = 100
_HANDLE, _GUID = 20, 16


class Use(IntEnum):
    """What a SID stands for."""

    USER = 1
    GROUP = 2
    DOMAIN = 3
    ALIAS = 4
    WELL_KNOWN = 5
    DELETED = 6
    INVALID = 7
    UNKNOWN = 8
    COMPUTER = 9


_USES = {each.value: each for each in Use}


class Named(NamedTuple):
    """domain: where it belongs, as the server calls it."""

    name: str
    domain: str
    use: Use


class _Malformed(Exception):
    """The server takes a SID for none."""


class Policy:
    """What a server knows of names and privileges. Raises PermissionError and ValueError as `Calls` does."""

    def __init__(self, host: str, calls: Calls) -> None:
        self._calls = calls
        attributes = struct.pack("<IIIIII", 24, 0, 0, 0, 0, 0)
        opened = self._asked(_OPEN, pointed(packed(f"\\\\{host}")) + attributes + _ALL_ONE_MAY)
        self._handle = opened.raw(_HANDLE)

    def own_accounts(self) -> tuple[str, str]:
        """The name and the SID of the server's own accounts; on a domain controller the domain's."""
        return self._domain(_OWN_ACCOUNTS)

    def domain(self) -> tuple[str, str]:
        """The name and the SID of the domain that the server is in; without a SID it is in none."""
        return self._domain(_DOMAIN)

    def domain_in_dns(self) -> str:
        """What the domain is called in the DNS, "" where that is not told."""
        try:
            answer = self._asked(_QUERY_MORE, self._handle + struct.pack("<H", _DNS_DOMAIN))
        except PermissionError:
            return ""
        if not answer.number():
            return ""
        answer.short()
        has = [answer.held_text() for _ in range(3)]
        answer.raw(_GUID)
        answer.number()
        name, dns, _ = [answer.text() if each else "" for each in has]
        return dns or name

    def _domain(self, which: int) -> tuple[str, str]:
        answer = self._asked(_QUERY, self._handle + struct.pack("<H", which))
        if not answer.number():
            return "", ""
        answer.short()
        has_name, has_sid = answer.held_text(), answer.number()
        name = answer.text() if has_name else ""
        return name, answer.sid() if has_sid else ""

    def names(self, sids: Sequence[str]) -> dict[str, Named]:
        """What SIDs are called; one that nobody knows is not among them."""
        found: dict[str, Named] = {}
        left = [sids[at : at + _AT_ONCE] for at in range(0, len(sids), _AT_ONCE)]
        while left:
            some = left.pop()
            try:
                found |= {
                    sid: named
                    for sid, named in zip(some, self._named(some), strict=False)
                    if named.use not in (Use.DELETED, Use.INVALID, Use.UNKNOWN)
                }
            except _Malformed:  # by one of them, for some servers
                half = len(some) // 2
                left += [some[:half], some[half:]] if half else []
        return found

    def _named(self, sids: Sequence[str]) -> Iterator[Named]:
        count = struct.pack("<I", len(sids))
        asked = (
            count + pointed(count) + b"".join(struct.pack("<I", 0x20000 + 4 * n) for n in range(len(sids)))
        )
        asked += b"".join(counted_sid(packed_sid(each)) for each in sids)
        asked += struct.pack("<IIHxxI", 0, 0, 1, 0)
        answer = self._calls.call(_NAMES, self._handle + asked)
        if answer.status() == _ALL_UNKNOWN:
            return
        if answer.status() == _MALFORMED:
            raise _Malformed
        if answer.status() not in (0, _SOME_UNKNOWN):
            raise PermissionError
        domains = [*_domains(answer)]
        number = answer.number()
        told = []
        if answer.number():
            for _ in answer.counted(number):
                use = answer.number() & 0xFFFF
                told.append((use, answer.held_text(), answer.number()))
        for use, has_name, domain in told:
            name = answer.text() if has_name else ""
            yield Named(name, domains[domain] if domain < len(domains) else "", _USES.get(use, Use.UNKNOWN))

    def holders(self, privilege: str) -> list[str]:
        """The SIDs that a privilege is given to."""
        answer = self._calls.call(_HOLDERS, self._handle + pointed(held(privilege)))
        if answer.status() == _NO_MORE:
            return []
        if answer.status():
            raise PermissionError
        count, has = answer.number(), answer.number()
        there = [answer.number() for _ in answer.counted(count)] if has else []
        return [answer.sid() for each in there if each]

    def _asked(self, operation: int, body: bytes) -> Answer:
        answer = self._calls.call(operation, body)
        if answer.status():
            raise PermissionError
        return answer


def _domains(answer: Answer) -> Iterator[str]:
    if not answer.number():
        return
    count, has, _ = answer.number(), answer.number(), answer.number()
    heads = [(answer.held_text(), answer.number()) for _ in answer.counted(count)] if has else []
    for has_name, has_sid in heads:
        name = answer.text() if has_name else ""
        if has_sid:
            answer.sid()
        yield name
