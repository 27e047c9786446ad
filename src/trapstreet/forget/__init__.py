"""Erase a person from what trapstreet keeps, and say what remains and why."""

from trapstreet.forget.domain.erasure import DataSetErasure, Erasure, SourceState
from trapstreet.forget.domain.identities import Identity, read_identities
from trapstreet.forget.domain.remains import Kept, Remain, remains
from trapstreet.forget.service import forget

__all__ = [
    "DataSetErasure",
    "Erasure",
    "Identity",
    "Kept",
    "Remain",
    "SourceState",
    "forget",
    "read_identities",
    "remains",
]
