"""A persona over linked tables: the rows that belong to a decoy, made after those of its donor."""

from trapstreet.decoys.kin.family import MOST_KIN, Family, grow

__all__ = ["MOST_KIN", "Family", "grow"]
