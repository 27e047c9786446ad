"""What may be taken away, found and proved: the names that others use."""

from trapstreet.access.domain.advice import Advice, Needed, Proof, proof_of, weights_of, whole_of
from trapstreet.access.domain.row_rule import Hidden, RowRule, hidden_from
from trapstreet.access.domain.search import Removal, largest_removal
from trapstreet.access.domain.state import Moved, State, gathered, states_of

__all__ = [
    "Advice", "Hidden", "Moved", "Needed", "Proof", "Removal", "RowRule", "State", "gathered",
    "hidden_from", "largest_removal", "proof_of", "states_of", "weights_of", "whole_of",
]  # fmt: skip
