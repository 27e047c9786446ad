"""Decoys of a copy: how a table's rows look, rows like them that nobody has, and their place in the file."""

from trapstreet.decoys.decoy import Aim, Decoy, Decoys, DecoySettings, Draw, Taken, joint_bits
from trapstreet.decoys.generator import generate, place
from trapstreet.decoys.merging import insert
from trapstreet.decoys.model import TableModel, TableModelBuilder

__all__ = [
    "Aim",
    "Decoy",
    "DecoySettings",
    "Decoys",
    "Draw",
    "TableModel",
    "TableModelBuilder",
    "Taken",
    "generate",
    "insert",
    "joint_bits",
    "place",
]
