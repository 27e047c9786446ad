"""How sensitive each kind of data is: classes with weights, in a TOML text that a person can edit."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from math import isfinite
from types import MappingProxyType

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.discover.domain.kinds import held_kinds

DEFAULT_POLICY = """\
# How sensitive each kind of data is. A column takes the class of its kind, a table that of its heaviest
# column. Edit freely: rename classes, change weights, move kinds from one class to another. A kind that no
# class has is reported without a class and weighs nothing.

[special]                     # special categories, GDPR Art. 9
weight = 10
kinds = ["health", "genetic", "biometric", "sexual_life", "religion", "ethnicity", "political_opinion",
         "trade_union"]

[criminal]                    # convictions and offences, GDPR Art. 10
weight = 10
kinds = ["criminal"]

[credentials]                 # open other doors
weight = 10
kinds = ["password", "secret"]

[card]                        # payment cards, PCI DSS
weight = 8
kinds = ["card", "card_details"]

[identity]                    # what identity theft begins with
weight = 6
kinds = ["national_id", "identity_document"]

[financial]
weight = 5
kinds = ["iban", "bank_account", "salary"]

[location]                    # where somebody is, not where they live
weight = 4
kinds = ["geo_position"]

[free-text]                   # may hold anything, from a complaint to a diagnosis
weight = 3
kinds = ["free_text"]

[contact]                     # what a scammer calls, writes to, or posts to
weight = 3
kinds = ["email", "phone", "address"]

[personal]
weight = 2
kinds = ["name", "given_name", "family_name", "birth_date", "age", "gender", "nationality", "family", "photo",
         "username", "postcode"]

[online]                      # traces of devices
weight = 2
kinds = ["ip_address", "device_id"]

[pseudonym]                   # a number that stands for a person elsewhere
weight = 1
kinds = ["person_id"]
"""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SETTINGS = {"weight", "kinds"}


@dataclass(frozen=True, slots=True)
class Policy:
    """Classes of sensitivity with their weights, and the class of each kind.

    weights  by class, above 0;  classes  by kind; a kind that is missing there is of no class ("")
    """

    weights: Mapping[str, float]
    classes: Mapping[str, str]

    def class_of(self, kind: str) -> str:
        """The class of a kind, "" for none."""
        return self.classes.get(kind, "")

    def weight_of(self, kind: str) -> float:
        """The weight of a kind's class, 0 where it has none."""
        return self.weights.get(self.class_of(kind), 0.0)

    def heaviest(self, classes: Collection[str]) -> tuple[str, float]:
        """The heaviest of some classes and its weight; of equals the one that the policy has first; ("", 0.0)
        for none.
        """
        there = [(name, weight) for name, weight in self.weights.items() if name in classes]
        return max(there, key=lambda each: each[1], default=("", 0.0))


def read_policy(text: str) -> Policy:
    """The policy that a TOML text describes.

    Raises UnusableInput with one line that says what is wrong, and where.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusableInput(f"the policy is no TOML: {error}") from None
    if not given:
        raise UnusableInput(
            "the policy has no class", hint='write one: [special] weight = 10, kinds = ["health"]'
        )
    weights: dict[str, float] = {}
    classes: dict[str, str] = {}
    for name, settings in given.items():
        weights[name] = _weight(name, settings)
        for kind in _kinds(name, settings):
            if kind in classes:
                raise _wrong(name, f"{kind} is of class {classes[kind]} already", "a kind has one class")
            classes[kind] = name
    return Policy(MappingProxyType(weights), MappingProxyType(classes))


@cache
def default_policy() -> Policy:
    """The policy that trapstreet brings: `read_policy(DEFAULT_POLICY)`."""
    return read_policy(DEFAULT_POLICY)


def _weight(name: str, settings: object) -> float:
    if not isinstance(settings, dict):
        raise UnusableInput(
            f"policy: {printable(name)} is no class",
            hint=f"write [{printable(name)}] with a weight and kinds below it",
        )
    if not _NAME.fullmatch(name):
        raise _wrong(name, "such a name cannot be used", "small letters, digits, - and _, at most 40")
    unknown = sorted(set(settings) - _SETTINGS)
    if unknown:
        raise _wrong(name, f"unknown setting {printable(unknown[0])}", "a class has weight and kinds")
    weight = settings.get("weight")
    if (
        isinstance(weight, bool)
        or not isinstance(weight, int | float)
        or not isfinite(weight)
        or not 0 < weight <= 1000
    ):
        raise _wrong(name, "it needs a weight", "a number above 0, 1000 at most")
    return float(weight)


def _kinds(name: str, settings: Mapping[str, object]) -> Iterator[str]:
    kinds = settings.get("kinds")
    if not isinstance(kinds, list):
        raise _wrong(name, "it needs kinds", 'a list such as ["health", "religion"]')
    for kind in kinds:
        if not isinstance(kind, str) or kind not in held_kinds():
            close = get_close_matches(str(kind), held_kinds(), n=1)
            hint = (
                f"did you mean {close[0]}?" if close else f"the kinds are {', '.join(sorted(held_kinds()))}"
            )
            raise _wrong(name, f"unknown kind {printable(str(kind))}", hint)
        yield kind


def _wrong(name: str, what: str, hint: str) -> UnusableInput:
    return UnusableInput(f"policy, class {printable(name)}: {what}", hint=hint)
