"""Names of persons: how common each of the two is, and how the whole is written."""

from collections.abc import Iterator

import numpy as np

from trapstreet.core.fields.fold import folded
from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.features import Feature, View


def person(text: str) -> tuple[str, str]:
    """Given and family name: the first and the last words, the other way round after a comma."""
    if "," in text:
        family, _, given = text.partition(",")
    else:
        given, _, family = text.strip().rpartition(" ")
    return given.strip(), family.strip()


def given_word(text: str) -> str:
    return folded(person(text)[0])


def family_word(text: str) -> str:
    return folded(person(text)[1])


def features(view: View) -> Iterator[Feature]:
    for column in view.of_kind(Kind.NAME):
        for which, part in (("given name", given_word), ("family name", family_word)):
            codes = column.codes_by(part)
            name = (column.column.name,)
            yield Feature(name, f"how many rows have the {which}", np.log(codes.frequency[view.rows]))
