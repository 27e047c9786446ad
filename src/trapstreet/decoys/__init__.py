"""Decoys of a copy: how a table's rows look, rows like them that nobody has, and their place in the file."""

from trapstreet.decoys.decoy import Aim, Decoy, Decoys, DecoySettings, Draw, Taken, joint_bits
from trapstreet.decoys.generator import generate, owned, place
from trapstreet.decoys.merging import insert
from trapstreet.decoys.model import TableModel, TableModelBuilder
from trapstreet.decoys.tokens import tokens
from trapstreet.decoys.urls import OwnedHosts, read_url

__all__ = [
    "Aim",
    "Decoy",
    "DecoySettings",
    "Decoys",
    "Draw",
    "OwnedHosts",
    "TableModel",
    "TableModelBuilder",
    "Taken",
    "generate",
    "insert",
    "joint_bits",
    "owned",
    "place",
    "read_url",
    "tokens",
]
