"""What the name and the address of a decoy are worth as evidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.emails import LocalPattern
from trapstreet.decoys.sampling import remaining_bits

_INITIAL, _GIVEN = "initial of the given name", "rest of the given name"
_FAMILY_INITIAL, _FAMILY = "initial of the family name", "rest of the family name"
_DIGITS = "digits of the address"

_SHOWN = {
    "given": (_INITIAL, _GIVEN),
    "given initial": (_INITIAL,),
    "family": (_FAMILY_INITIAL, _FAMILY),
    "family initial": (_FAMILY_INITIAL,),
}


_CHARGED = (_FAMILY, _FAMILY_INITIAL, _INITIAL, _GIVEN, _DIGITS)


class Worth(Protocol):
    """The min-entropy of a name that is drawn, and of its first letter."""

    @property
    def bits(self) -> float: ...
    @property
    def initial_bits(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """The draws behind a person, and which of them each field shows.

    A full name counts for its initial and its family name only: "A. Byrne" is found as well. A given name by
    itself counts for nothing.
    """

    draws: tuple[Draw, ...]
    name: tuple[int, ...]
    family: tuple[int, ...]
    email: tuple[int, ...]


def identity(
    pattern: LocalPattern,
    given: Worth | None,
    family: Worth | None,
    *,
    bits: float,
    taken: float,
    others: int,
) -> Identity:
    """The identity of persons drawn under a pattern.

    bits    min-entropy of what was kept distinct
    taken   share of the draws that was refused
    others  persons of the copy: what they and the refusals cost is taken once off whatever a field shows
    """
    initial = given.initial_bits if given else 0.0
    family_initial = family.initial_bits if family else 0.0
    worth = {
        _INITIAL: initial,
        _GIVEN: (given.bits if given else 0.0) - initial,
        _FAMILY_INITIAL: family_initial,
        _FAMILY: (family.bits if family else 0.0) - family_initial,
        _DIGITS: pattern.digits.bits,
    }
    name = {_INITIAL, _FAMILY_INITIAL, _FAMILY}
    surname = {_FAMILY_INITIAL, _FAMILY}
    email = {_DIGITS, *(draw for part in pattern.parts for draw in _SHOWN[part])}
    cost = bits - remaining_bits(bits, taken=taken, others=others)
    worth = _charged(worth, cost, (surname, name, email))
    draws = tuple(Draw(draw, value) for draw, value in worth.items() if value > 0)

    def places(shown: set[str]) -> tuple[int, ...]:
        return tuple(at for at, draw in enumerate(draws) if draw.name in shown)

    return Identity(draws, name=places(name), family=places(surname), email=places(email))


def _charged(worth: Mapping[str, float], cost: float, fields: Iterable[set[str]]) -> dict[str, float]:
    """What the draws are worth after every field has paid the cost once, or all that it has."""
    left = {draw: max(0.0, value) for draw, value in worth.items()}
    paid = dict.fromkeys(left, 0.0)
    for field in fields:
        for draw in filter(field.__contains__, _CHARGED):
            due = min(left[draw], max(0.0, cost - sum(paid[other] for other in field)))
            left[draw] -= due
            paid[draw] += due
    return left
