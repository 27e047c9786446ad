"""Leases: which worker does a job that only one may do at a time.

A worker that dies leaves its lease to run out; whoever asks next after that has it.
"""

import time

import msgspec
from django.db import connection
from django.db.models import Q

from trapstreet.store.models import Lease

LASTS = 20
"""Seconds that a lease lasts, each time that it is taken or renewed."""


class Held(msgspec.Struct, frozen=True):
    """A lease that somebody has; `seconds` are left of it."""

    name: str
    holder: str
    seconds: float


def take(name: str, holder: str) -> bool:
    """Whether the lease is the holder's from now on: it was so before, was nobody's, or ran out.

    Asks the database alone where somebody else has it, so that those who wait hinder nobody.
    """
    at = clock()
    lasts = LASTS * 1_000_000
    until = at + lasts
    free = Q(holder=holder) | Q(until__lte=at) | Q(until__gt=at + 2 * lasts)  # a clock that was set back
    found = Lease.objects.filter(name=name)
    if found.exists():
        mine = found.filter(free)
        return mine.exists() and bool(mine.update(holder=holder, until=until))
    _, made = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})
    return made


def give_back(name: str, holder: str) -> None:
    """Somebody else may have the lease at once, if it was the holder's."""
    Lease.objects.filter(name=name, holder=holder).delete()


def held() -> list[Held]:
    """The leases that have not run out, by name."""
    at = clock()
    rows = Lease.objects.filter(until__gt=at).order_by("name")
    return [Held(row.name, row.holder, (row.until - at) / 1e6) for row in rows]


def forget_old(*, days: int) -> int:
    """Drop leases of jobs that nobody has done for so long; how many."""
    count, _ = Lease.objects.filter(until__lt=clock() - days * 86_400_000_000).delete()
    return count


def clock() -> int:
    """The registry's time in Unix microseconds: its server's where it has one, so that the clocks of several
    machines do not matter."""
    if connection.vendor != "postgresql":
        return time.time_ns() // 1000
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])
