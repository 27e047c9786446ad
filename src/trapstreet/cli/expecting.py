"""Honest uses that are declared: what for, until when, and where their mails come from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, TypeVar

import click

from trapstreet.cli.options import end_of_day, refuse_unprintable
from trapstreet.core.model.errors import UnusableInput

F = TypeVar("F", bound=Callable[..., Any])

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody will honestly do with decoys, `until` in Unix microseconds."""

    what: str
    until: int
    senders: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.what}, by mail from {', '.join(self.senders)}" if self.senders else self.what

    @property
    def remark(self) -> str:
        """What users should know of it; "" where they named the senders."""
        if self.senders:
            return ""
        return (
            "WARNING  without --sender all that comes to its decoys until then is expected, a thief's use "
            "too: name where its mails come from."
        )

    def shown(self) -> dict[str, object]:
        from trapstreet.render.words import day

        return {"what": self.what, "until": day(self.until), "senders": list(self.senders)}


def sender_option(function: F) -> F:
    """--sender DOMAIN|NETWORK, as the argument `senders`."""
    return click.option(
        "--sender",
        "senders",
        multiple=True,
        metavar="DOMAIN|NETWORK",
        help="Where the mails of that use come from (repeatable): only these are expected then. A domain has "
        "to be proven by SPF or DKIM.",
    )(function)


def expected_use(what: str | None, until: str | None, senders: Sequence[str]) -> Expected | None:
    """What decoys will honestly be used for; None for nothing. Raises UnusableInput for half of it, and for
    senders that are neither domains nor networks."""
    if (what is None) != (until is None) or (senders and what is None):
        raise UnusableInput("--used-for and --until belong together", hint="say both, or neither")
    if what is None or until is None:
        return None
    refuse_unprintable("--used-for", what)
    return Expected(what, end_of_day(until), tuple(dict.fromkeys(map(_sender, senders))))


def _sender(given: str) -> str:
    """A domain in lower case, that of an address, or a network."""
    text = given.strip().lower().rpartition("@")[2]
    if _DOMAIN.fullmatch(text):
        return text
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise UnusableInput(
            f"--sender {given!r} is neither a domain nor a network",
            hint="write it like news.you.example, or 192.0.2.0/24",
        ) from error
