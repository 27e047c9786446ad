"""Field kinds: recognising columns, normal forms of cells, candidates in foreign text."""

from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search
from trapstreet.core.fields.recognise import recognise
from trapstreet.core.fields.records import Forms, record_forms, slot_widths
from trapstreet.core.fields.registry import kinds

NORMAL_FORMS = 2
"""Version of the normal forms (docs/adr/0003-normal-forms.md); an index of another one is made again."""

__all__ = [
    "NORMAL_FORMS",
    "Candidate",
    "Column",
    "FieldKind",
    "Forms",
    "Kind",
    "Search",
    "kinds",
    "recognise",
    "record_forms",
    "slot_widths",
]
