"""Users and groups of a Windows server, a domain or Samba, and who is in which: [MS-SAMR] over pipe samr."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from trapstreet.plugins._smb.descriptors import packed_sid
from trapstreet.plugins._smb.rpc import Answer, Calls, counted_sid, held, packed, pointed

_CLOSE, _LOOKUP_DOMAIN, _DOMAINS, _OPEN_DOMAIN = 1, 5, 6, 7
_GROUPS, _ALIASES, _USERS = 11, 15, 40
_OPEN_GROUP, _OF_GROUP, _OPEN_ALIAS, _OF_ALIAS, _OPEN_USER, _GROUPS_OF_USER = 19, 25, 27, 33, 34, 39
_CONNECT = 57

_ALL_ONE_MAY = struct.pack("<I", 0x02000000)
_MORE = 0x105
_A_PAGE = 1 << 16
_USERS_A_PAGE = 500
_DISABLED = 0x1
_HANDLE = 20


class User(NamedTuple):
    """number: the last part of the SID;  works: the account is not switched off."""

    number: int
    name: str
    works: bool


class Domain(NamedTuple):
    """Accounts with one SID before their numbers, opened."""

    name: str
    sid: str
    handle: bytes


class Directory:
    """The accounts that a server tells of. Raises PermissionError and ValueError as `Calls` does."""

    def __init__(self, host: str, calls: Calls) -> None:
        self._calls = calls
        self._server = self._opened(_CONNECT, pointed(packed(f"\\\\{host}")) + _ALL_ONE_MAY)

    def domains(self) -> list[Domain]:
        """The server's own accounts, or those of the domain that it serves, and its built-in ones."""
        found = []
        for _, name in self._listed(self._server, _DOMAINS):
            answer = self._asked(_LOOKUP_DOMAIN, self._server + held(name))
            if answer.number():
                sid = answer.sid()
                asked = self._server + _ALL_ONE_MAY + counted_sid(packed_sid(sid))
                found.append(Domain(name, sid, self._opened(_OPEN_DOMAIN, asked)))
        return found

    def users(self, domain: Domain) -> Iterator[User]:
        at, more = 0, True
        while more:
            asked = struct.pack("<HxxIII", 1, at, _USERS_A_PAGE, 1 << 20)
            answer = self._asked(_USERS, domain.handle + asked, also=_MORE)
            more = answer.status() == _MORE
            for _ in range(2):
                answer.number()  # how many there are, and come, in bytes
            answer.short()
            count = answer.number()
            told = []
            if answer.number():
                for _ in answer.counted(count):
                    answer.number()
                    told.append((answer.number(), answer.number(), [answer.held_text() for _ in range(3)]))
            for number, flags, texts in told:
                name, _, _ = [answer.text() if has else "" for has in texts]
                yield User(number, name, not flags & _DISABLED)
            at += len(told)
            more = more and bool(told)

    def groups(self, domain: Domain) -> list[tuple[int, str]]:
        """Global groups, whose members are of this domain: number and name."""
        return [*self._listed(domain.handle, _GROUPS)]

    def aliases(self, domain: Domain) -> list[tuple[int, str]]:
        """Local groups, whose members may be anybody: number and name."""
        return [*self._listed(domain.handle, _ALIASES)]

    def of_group(self, domain: Domain, number: int) -> list[int]:
        """The numbers of a global group's members, groups among them."""
        with self._one(domain, _OPEN_GROUP, number) as handle:
            answer = self._asked(_OF_GROUP, handle)
        if not answer.number():
            return []
        count, members, _ = answer.number(), answer.number(), answer.number()
        return [answer.number() for _ in answer.counted(count)] if members else []

    def of_alias(self, domain: Domain, number: int) -> list[str]:
        """The SIDs of a local group's members."""
        with self._one(domain, _OPEN_ALIAS, number) as handle:
            answer = self._asked(_OF_ALIAS, handle)
        count, members = answer.number(), answer.number()
        if not members:
            return []
        there = [answer.number() for _ in answer.counted(count)]
        return [answer.sid() for each in there if each]

    def groups_of(self, domain: Domain, number: int) -> list[int]:
        """The numbers of the global groups that a user is in, that of the account itself among them."""
        with self._one(domain, _OPEN_USER, number) as handle:
            answer = self._asked(_GROUPS_OF_USER, handle)
        if not answer.number():
            return []
        count, groups = answer.number(), answer.number()
        return [(answer.number(), answer.number())[0] for _ in answer.counted(count)] if groups else []

    @contextmanager
    def _one(self, domain: Domain, operation: int, number: int) -> Iterator[bytes]:
        handle = self._opened(operation, domain.handle + _ALL_ONE_MAY + struct.pack("<I", number))
        try:
            yield handle
        finally:
            self._asked(_CLOSE, handle)

    def _listed(self, handle: bytes, operation: int) -> Iterator[tuple[int, str]]:
        at, more = 0, True
        while more:
            answer = self._asked(operation, handle + struct.pack("<II", at, _A_PAGE), also=_MORE)
            following = answer.number()
            more = answer.status() == _MORE and following != at
            at = following
            if not answer.number():
                return
            count, buffer = answer.number(), answer.number()
            told = [(answer.number(), answer.held_text()) for _ in answer.counted(count)] if buffer else []
            for number, has_name in told:
                yield number, answer.text() if has_name else ""

    def _opened(self, operation: int, body: bytes) -> bytes:
        return self._asked(operation, body).raw(_HANDLE)

    def _asked(self, operation: int, body: bytes, *, also: int = 0) -> Answer:
        answer = self._calls.call(operation, body)
        if answer.status() not in (0, also):
            raise PermissionError
        return answer
