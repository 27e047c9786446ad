"""Traces that the worker makes of a case's snapshots, each begun before anything is read. Times are Unix
microseconds, UTC."""

import msgspec

from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store.models import Case, CaseTrace


class Said(msgspec.Struct, frozen=True):
    """What a trace came to: in sentences, and the copies that took part."""

    lines: tuple[str, ...]
    accused: tuple[str, ...] = ()


class Traced(msgspec.Struct, frozen=True):
    """A trace; `said` is None while it goes on, or where it was interrupted."""

    look: int
    upto: int
    begun_at: int
    ended_at: int | None
    said: Said | None


def begin(case: Case, *, upto: int, look: int, at: int) -> CaseTrace:
    """A trace begins, whatever becomes of it.

    upto  the newest alert of which something is traced;  look  which look at the case it is
    """
    return CaseTrace.objects.create(case=case, upto=upto, look=look, begun_at=at)


def end(row: CaseTrace, said: Said, *, ring: KeyRing, at: int) -> None:
    """It came to this."""
    content = seal(_key(ring), msgspec.msgpack.encode(said), aad=_aad(row))
    CaseTrace.objects.filter(id=row.id).update(content=content, ended_at=at)


def of_case(case: Case, ring: KeyRing) -> list[Traced]:
    """The traces of a case, in their order."""
    return [
        Traced(
            row.look,
            row.upto,
            row.begun_at,
            row.ended_at,
            msgspec.msgpack.decode(open_sealed(_key(ring), bytes(row.content), aad=_aad(row)), type=Said)
            if row.content
            else None,
        )
        for row in CaseTrace.objects.filter(case=case).order_by("id")
    ]


def _key(ring: KeyRing) -> bytes:
    return ring.derive("evidence")


def _aad(row: CaseTrace) -> bytes:
    return f"trace {row.case_id} {row.begun_at}".encode()
